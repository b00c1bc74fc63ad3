import { describe, expect, it } from 'vitest';
import {
  deletePod,
  getObject,
  getObjects,
  patchObject,
  podLogs,
  rolloutUndo,
  scaleWorkload,
  type Argv,
  type KubernetesTarget,
} from '../../../../src/adapters/runtimes/kubernetes/argv.js';
import { versionPatch } from '../../../../src/adapters/runtimes/kubernetes/patches.js';

const RAG7: KubernetesTarget = { namespace: 'rag7' };
const CORE: KubernetesTarget = { namespace: 'core-agent' };
const LANGGRAPH = 'deployment/langgraph';
const none = { env: {}, limits: {} };

/**
 * Command lines of the paper runbooks of two stacks on Kubernetes (003 rag7, 004 core-agent), with runbook and line, and
 * what is run for them here. Where that is another one, why.
 */
const LINES: readonly (readonly [line: string, argv: Argv, ours: string, why?: string])[] = [
  [
    '003:54 kubectl rollout history deployment/langgraph -n rag7',
    getObjects(RAG7, { kind: 'replicasets', selector: 'app=langgraph' }),
    'kubectl --namespace=rag7 --request-timeout=20s get replicasets -l app=langgraph -o json',
    'the history is what the controller still has; which of it is which revision, its objects say',
  ],
  [
    '003:78 kubectl rollout undo deployment/langgraph -n rag7',
    rolloutUndo(RAG7, { workload: LANGGRAPH, rollout: 4 }),
    'kubectl --namespace=rag7 --request-timeout=20s rollout undo deployment/langgraph --to-revision=4',
    'to what ran well before, by its number: the one before may be one that failed',
  ],
  [
    '003:83 kubectl scale deployment/langgraph -n rag7 --replicas=5',
    scaleWorkload(RAG7, { workload: LANGGRAPH, count: 5 }),
    'kubectl --namespace=rag7 --request-timeout=20s scale deployment/langgraph --replicas=5',
  ],
  [
    '003:116 --replicas=8',
    scaleWorkload(RAG7, { workload: LANGGRAPH, count: 8 }),
    'kubectl --namespace=rag7 --request-timeout=20s scale deployment/langgraph --replicas=8',
  ],
  [
    '003:262 --replicas=6',
    scaleWorkload(RAG7, { workload: LANGGRAPH, count: 6 }),
    'kubectl --namespace=rag7 --request-timeout=20s scale deployment/langgraph --replicas=6',
  ],
  [
    '003:385 --replicas=2',
    scaleWorkload(RAG7, { workload: LANGGRAPH, count: 2 }),
    'kubectl --namespace=rag7 --request-timeout=20s scale deployment/langgraph --replicas=2',
  ],
  [
    '003:496 --replicas=0',
    scaleWorkload(RAG7, { workload: LANGGRAPH, count: 0 }),
    'kubectl --namespace=rag7 --request-timeout=20s scale deployment/langgraph --replicas=0',
  ],
  [
    '003:126, 176 kubectl rollout restart deployment/langgraph -n rag7',
    patchObject(RAG7, {
      object: LANGGRAPH,
      patch: {
        spec: {
          template: { metadata: { annotations: { 'steadyhand.dev/renewed-at': '2026-11-22T02:00:00Z' } } },
        },
      },
    }),
    'kubectl --namespace=rag7 --request-timeout=20s patch deployment/langgraph --type=strategic --patch={"spec":{"template":{"metadata":{"annotations":{"steadyhand.dev/renewed-at":"2026-11-22T02:00:00Z"}}}}}',
    'rollout restart does the same with the time of the call: tried again after a crash it would restart twice',
  ],
  [
    '003:143 kubectl logs -n rag7 POD_NAME --tail=100',
    podLogs(RAG7, { pod: 'langgraph-1', container: 'langgraph', lines: 100 }),
    'kubectl --namespace=rag7 logs langgraph-1 -c langgraph --tail=100',
  ],
  [
    '003:146 kubectl logs -n rag7 POD_NAME --previous',
    podLogs(RAG7, { pod: 'langgraph-1', container: 'langgraph', lines: 20, previous: true }),
    'kubectl --namespace=rag7 logs langgraph-1 -c langgraph --tail=20 --previous',
  ],
  [
    '003:140, 388 kubectl get pods -n rag7 -l app=langgraph',
    getObjects(RAG7, { kind: 'pods', selector: 'app=langgraph' }),
    'kubectl --namespace=rag7 --request-timeout=20s get pods -l app=langgraph -o json',
  ],
  [
    '003:218 kubectl delete pod -n rag7 -l app=postgres',
    deletePod(RAG7, { pod: 'postgres-0', drainSeconds: 30 }),
    'kubectl --namespace=rag7 delete pod postgres-0 --ignore-not-found --grace-period=30 --wait=true',
    'one pod after another, by name, with the time it has to end',
  ],
  [
    '003:322 kubectl set image deployment/langgraph -n rag7 \\ langgraph=…',
    patchObject(RAG7, {
      object: LANGGRAPH,
      patch: versionPatch(
        'langgraph',
        { revision: 7, image: { name: 'acme/langgraph:2', id: 'acme/langgraph:2' }, settings: { env: {} } },
        none,
      ),
    }),
    'kubectl --namespace=rag7 --request-timeout=20s patch deployment/langgraph --type=strategic --patch={"spec":{"template":{"metadata":{"annotations":{"steadyhand.dev/revision":"7"}},"spec":{"containers":[{"name":"langgraph","image":"acme/langgraph:2"}]}}}}',
    'image, settings and revision in one change, so that it is rolled out once',
  ],
  [
    '003:326 kubectl rollout status deployment/langgraph -n rag7',
    getObject(RAG7, LANGGRAPH),
    'kubectl --namespace=rag7 --request-timeout=20s get deployment/langgraph -o json',
    'asked each second, with what keeps its pods; rollout status says nothing of an image that cannot be pulled',
  ],
  [
    '003:367 kubectl rollout undo deployment/langgraph -n rag7 --to-revision=5',
    rolloutUndo(RAG7, { workload: LANGGRAPH, rollout: 5 }),
    'kubectl --namespace=rag7 --request-timeout=20s rollout undo deployment/langgraph --to-revision=5',
  ],
  [
    '003:395 kubectl edit hpa langgraph-hpa -n rag7',
    patchObject(RAG7, {
      object: 'hpa/langgraph-hpa',
      type: 'merge',
      patch: { spec: { minReplicas: 2, maxReplicas: 10 } },
    }),
    'kubectl --namespace=rag7 --request-timeout=20s patch hpa/langgraph-hpa --type=merge --patch={"spec":{"minReplicas":2,"maxReplicas":10}}',
  ],
  [
    '004:104 kubectl rollout undo deployment/core-agent -n core-agent',
    rolloutUndo(CORE, { workload: 'deployment/core-agent', rollout: 1 }),
    'kubectl --namespace=core-agent --request-timeout=20s rollout undo deployment/core-agent --to-revision=1',
  ],
  [
    '004:107 kubectl rollout undo deployment/core-agent --to-revision=2 -n core-agent',
    rolloutUndo(CORE, { workload: 'deployment/core-agent', rollout: 2 }),
    'kubectl --namespace=core-agent --request-timeout=20s rollout undo deployment/core-agent --to-revision=2',
  ],
  [
    '004:409 kubectl scale deployment/core-agent --replicas=0 -n core-agent',
    scaleWorkload(CORE, { workload: 'deployment/core-agent', count: 0 }),
    'kubectl --namespace=core-agent --request-timeout=20s scale deployment/core-agent --replicas=0',
  ],
];

describe('lines of the paper runbooks', () => {
  it.each(LINES.map(([line, argv, ours]) => ({ line, argv, ours })))('$line', ({ argv, ours }) => {
    expect(argv.join(' ')).toBe(ours);
  });

  it('name cluster and context as they are configured, and never guess', () => {
    const target = { namespace: 'rag7', context: 'production', kubeconfig: 'kubeconfig.yaml' };
    expect(scaleWorkload(target, { workload: LANGGRAPH, count: 2 }).slice(0, 6)).toEqual([
      'kubectl',
      '--kubeconfig',
      'kubeconfig.yaml',
      '--context',
      'production',
      '--namespace=rag7',
    ]);
  });
});
