import type { StoragePort } from '../../adapters/storage/port.js';
import type { Finding } from '../../contracts/runs/watch.js';
import { findTampered } from '../catalog/tampering.js';

/** The rest of a look has to fit into its minute too. */
const LONGEST_MS = 30_000;
const MOST_LINES = 20;

const KEY = 'tampered';

/**
 * What somebody put over sealed objects; nothing where storage does not lock. All of storage is listed for it; where that
 * takes too long, what was found before stays found.
 */
export async function tampered(storage: StoragePort, open: readonly Finding[]): Promise<Finding[]> {
  const signal = AbortSignal.timeout(LONGEST_MS);
  try {
    const found = await findTampered(storage, undefined, signal);
    if (found.length === 0) return [];
    const lines = found.map(({ key, what, at }) => `${what} over ${key} since ${at}`);
    const more = found.length - MOST_LINES;
    return [
      {
        ...{ key: KEY, event: 'suspect', title: 'sealed objects in storage were tampered with' },
        lines: [
          'they are read as they were sealed',
          ...lines.slice(0, MOST_LINES),
          ...(more > 0 ? [`… and ${more} more`] : []),
        ],
        next: ['steady status', 'steady backup list'],
      },
    ];
  } catch (error) {
    if (!signal.aborted) throw error;
    return [
      ...open.filter(({ key }) => key === KEY),
      {
        ...{
          key: `${KEY}.unknown`,
          event: 'suspect',
          title: 'the watch cannot tell whether storage was tampered with',
        },
        ...{ lines: [`listing all of it takes longer than ${LONGEST_MS / 1000}s`], next: ['steady status'] },
      },
    ];
  }
}

/** Whether a finding is one of these: between two listings it stays as it was. */
export const isOfTampering = ({ key }: Finding): boolean => key.split('.')[0] === KEY;
