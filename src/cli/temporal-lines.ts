import type { Steady } from '../client/connect.js';
import type { CheckLine } from '../contracts/runs/check-line.js';
import { formatDuration } from '../contracts/stack/units.js';

const LOOPBACK = /^(localhost|127(\.\d+){3}|\[?::1\]?)(:\d+)?$/;

/** Below this, what ran last month cannot be looked up, nor can a plan be made up for. */
const SHORT_RETENTION_SECONDS = 30 * 86_400;

/** What the namespace does with runs that have ended: nothing to say where it keeps them for a month or more. */
export function retentionLines(namespace: string, seconds: number): CheckLine[] {
  if (seconds >= SHORT_RETENTION_SECONDS) return [];
  return [
    {
      what: 'Temporal',
      status: 'warning',
      message: `the namespace ${namespace} forgets runs ${formatDuration(seconds)} after their end`,
      hint: `temporal operator namespace update --namespace ${namespace} --retention 90d`,
    },
  ];
}

/** What keeps others at Temporal from reading along, or asking for anything; nothing where only this machine reaches it. */
export function temporalLines({ address, guard }: Pick<Steady, 'address' | 'guard'>): CheckLine[] {
  if (guard === undefined) return [];
  const lines: CheckLine[] = [];
  const far = !LOOPBACK.test(address);
  const what = 'Temporal';
  if (guard.codecKey !== undefined) {
    lines.push({ what, status: 'ok', message: `payloads are encrypted with the key ${guard.codecKey}` });
    if (guard.plain)
      lines.push({
        what,
        status: 'warning',
        message: 'plain payloads are taken too',
        hint: 'When no run from before is open any more, take `plain` out of the keys.',
      });
  } else if (far) {
    lines.push({
      what,
      status: 'warning',
      message: `payloads are not encrypted: whoever reaches ${address} reads what runs are told, and may ask for any`,
      hint: 'Where others use that Temporal too, set STEADY_CODEC_KEYS_FILE (docs/security.md).',
    });
  }
  if (far)
    lines.push(
      guard.tls
        ? { what, status: 'ok', message: `the way to ${address} is encrypted (TLS)` }
        : {
            what,
            status: 'warning',
            message: `no TLS on the way to ${address}`,
            hint: 'Set TEMPORAL_TLS, and a client certificate where the server asks for one (docs/security.md).',
          },
    );
  return lines;
}
