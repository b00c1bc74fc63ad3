import { z } from 'zod';
import type { Image } from '../../../contracts/stored/revision.js';

const imageSchema = z.array(
  z.object({
    Id: z.string(),
    RepoDigests: z.array(z.string()).nullish(),
    Config: z.object({ Labels: z.record(z.string(), z.string()).nullish() }).nullish(),
    Labels: z.record(z.string(), z.string()).nullish().describe('podman'),
  }),
);

/** Reads the answer of `image inspect` to a name; undefined where it tells of none. Throws a ZodError for no answer. */
export function imageIn(json: string, name: string): Image | undefined {
  const [found] = imageSchema.parse(JSON.parse(json));
  if (found === undefined) return undefined;
  const commit = (found.Config?.Labels ?? found.Labels ?? {})['org.opencontainers.image.revision'];
  const digest = digestFor(name, found.RepoDigests ?? []);
  return {
    name,
    id: found.Id.startsWith('sha256:') ? found.Id : `sha256:${found.Id}`,
    ...(digest !== undefined && { digest }),
    ...(commit !== undefined && commit !== '' && { commit }),
  };
}

/** Of all digests the one of the name it was asked for by; a mirror's digest is another name. */
function digestFor(name: string, digests: readonly string[]): string | undefined {
  const repository = repositoryOf(name);
  return digests.find((one) => repositoryOf(one) === repository) ?? digests[0];
}

/** `ghcr.io/acme/api:1.4` and `ghcr.io/acme/api@sha256:…` without what comes after the name. */
function repositoryOf(name: string): string {
  const [bare = ''] = name.split('@');
  const colon = bare.lastIndexOf(':');
  return colon > bare.lastIndexOf('/') ? bare.slice(0, colon) : bare;
}
