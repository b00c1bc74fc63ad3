import { usualDepth, type Stack } from '../../contracts/stack/stack.js';
import { nearest } from '../../contracts/nearest.js';
import type { CrossCheckReport } from './report.js';

/** Channels are told of what they can say, and by a way that keeps a password. */
export function checkNotify(stack: Stack, report: CrossCheckReport): void {
  for (const [name, { on, smtp, heartbeat }] of Object.entries(stack.notify ?? {})) {
    const path = ['notify', name];
    for (const [index, event] of (on ?? []).entries()) {
      if (on?.indexOf(event) !== index)
        report.error([...path, 'on', index], 'an event named twice', { found: JSON.stringify(event) });
    }
    if (smtp && (smtp.user === undefined) !== (smtp.password === undefined)) {
      const missing = smtp.user === undefined ? 'user' : 'password';
      report.error([...path, 'smtp', missing], 'missing: user and password belong together', {
        at: 'parent',
      });
    }
    if (smtp?.password !== undefined && smtp.tls === 'none')
      report.warn([...path, 'smtp', 'tls'], 'the password goes over the network as it is');
    if (heartbeat === undefined) continue;
    if (on !== undefined)
      report.error(
        [...path, 'on'],
        'not for a heartbeat: it is called after each verified set, and for nothing else',
        {
          at: 'key',
        },
      );
    checkHeartbeat([...path, 'heartbeat'], heartbeat.plan, stack, report);
  }
}

function checkHeartbeat(
  path: readonly string[],
  plan: string | undefined,
  stack: Stack,
  report: CrossCheckReport,
): void {
  const plans = Object.keys(stack.plans);
  if (plan !== undefined && !plans.includes(plan)) {
    report.error([...path, 'plan'], 'no such plan', {
      found: JSON.stringify(plan),
      allowed: plans,
      nearest: nearest(plan, plans),
    });
    return;
  }
  if (plan === undefined && plans.length > 1)
    report.warn(
      path,
      'called for the sets of any plan: the silence of one hides behind the others; name a `plan`',
      {
        at: 'key',
      },
    );
  const proves = (name: string): boolean => (stack.plans[name]?.verify ?? usualDepth(stack)) !== 'stored';
  if (!(plan === undefined ? plans : [plan]).some(proves))
    report.warn(path, 'never called: sets whose proof is only `stored` are not verified', { at: 'key' });
}
