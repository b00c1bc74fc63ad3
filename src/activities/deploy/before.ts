import { SteadyError } from '../../contracts/failures.js';
import type { StackSnapshot } from '../../contracts/runs/snapshot.js';
import { isWithin, parseWindow } from '../../contracts/stack/windows.js';
import { formatBytes } from '../../contracts/stack/units.js';
import { withCall } from '../call.js';
import { knownSecrets } from '../check-secrets.js';
import type { Ports } from '../ports.js';
import { serverNow } from '../server-clock.js';

/** What is looked at before a deploy changes anything. Reading only. */
export function createBeforeActivities(ports: Ports) {
  return {
    /** Why services are not to be changed at this time, a line each; none: they may be. */
    async closedNow(input: { snapshot: StackSnapshot }): Promise<string[]> {
      const { snapshot } = input;
      const { changes, timezone } = snapshot.stack;
      return await withCall({ title: 'Look at the hours of deploys' }, async ({ signal }) => {
        const now = serverNow();
        const windows = changes?.windows ?? [];
        const open = windows.some((text) => {
          const window = parseWindow(text);
          return window !== undefined && isWithin(window, now, timezone);
        });
        const events = await Promise.all(
          ports
            .calendars(snapshot)
            .map(async (calendar) =>
              (await calendar.at(now, { signal })).map(
                ({ title, until }) => `${title}, until ${until} (${calendar.label})`,
              ),
            ),
        );
        return [
          ...(windows.length > 0 && !open ? [`deploys are ${windows.join(', ')} (${timezone})`] : []),
          ...events.flat(),
        ];
      });
    },

    /** Fails with `deploy.unable` where less is free than this needs, in bytes; gives what is, in words. */
    async requireRoom(input: {
      snapshot: StackSnapshot;
      service: string;
      disk?: number | undefined;
      memory?: number | undefined;
    }): Promise<string> {
      const { snapshot, service, disk, memory } = input;
      return await withCall({ title: `Look for room for ${service}` }, async ({ signal }) => {
        const room = (await ports.runtime(snapshot).room?.({ signal })) ?? {
          unknown: 'its runtime does not tell',
        };
        const lines: string[] = [];
        const short: string[] = [];
        for (const [name, wanted, free] of [
          ['disk', disk, room.disk],
          ['memory', memory, room.memory],
        ] as const) {
          if (wanted === undefined) continue;
          if (free === undefined) lines.push(`${name} not known: ${room.unknown ?? 'nobody tells'}`);
          else if (free < wanted)
            short.push(`${formatBytes(free)} of ${name} free, ${formatBytes(wanted)} needed`);
          else lines.push(`${formatBytes(free)} of ${name} free, ${formatBytes(wanted)} needed`);
        }
        if (short.length > 0)
          throw new SteadyError('deploy.unable', { services: `${service}: ${short.join('; ')}` });
        return lines.join('; ');
      });
    },

    /** Fails with `deploy.unable` where a secret of the stack is one that everybody knows; never tells which value. */
    async requireOwnSecrets(input: { snapshot: StackSnapshot; service: string }): Promise<void> {
      const { snapshot, service } = input;
      await withCall({ title: 'Look at the secrets' }, async () => {
        const known = await knownSecrets(snapshot.stack, ports.secrets(snapshot));
        if (known.length > 0)
          throw new SteadyError('deploy.unable', { services: `${service}: ${known.join('; ')}` });
      });
    },
  };
}
export type BeforeActivities = ReturnType<typeof createBeforeActivities>;
