import type { WorkloadObject } from './objects.js';

/**
 * Who else keeps an object as they want it, by the labels and annotations they mark theirs with; undefined: nobody that
 * is known. Argo CD: resource tracking; Flux: kustomize and helm controllers; Helm 3.
 */
export function managerOf({
  metadata: { labels, annotations },
}: Pick<WorkloadObject, 'metadata'>): string | undefined {
  const tracking = annotations['argocd.argoproj.io/tracking-id']?.split(':')[0];
  const argo = tracking ?? labels['argocd.argoproj.io/instance'];
  if (argo !== undefined) return `Argo CD (application ${argo})`;
  const kustomization = labels['kustomize.toolkit.fluxcd.io/name'];
  if (kustomization !== undefined) return `Flux (kustomization ${kustomization})`;
  const release = labels['helm.toolkit.fluxcd.io/name'];
  if (release !== undefined) return `Flux (helm release ${release})`;
  const helm = annotations['meta.helm.sh/release-name'];
  if (helm !== undefined && labels['app.kubernetes.io/managed-by'] === 'Helm')
    return `Helm (release ${helm})`;
  return undefined;
}
