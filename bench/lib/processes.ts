import { readdirSync, readFileSync } from 'node:fs';

/** Ticks of /proc/PID/stat in a second and bytes of a page (sysconf, Linux on x86-64 and arm64). */
const TICKS = 100;
const PAGE = 4096;

interface Row {
  readonly pid: number;
  readonly parent: number;
  /** Its own and that of the children it has waited for, in seconds. */
  readonly cpu: number;
  readonly waitedFor: number;
  readonly rss: number;
  /** Forked, and no program of its own started yet (PF_FORKNOEXEC): its pages are its parent's. */
  readonly copy: boolean;
}

const FORKED_WITHOUT_EXEC = 0x40;

/** Every process of this machine as proc(5), `/proc/pid/stat`, tells. */
function table(): Map<number, Row> {
  const rows = new Map<number, Row>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'latin1');
      // The command may hold anything, so fields are counted behind its closing bracket.
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      const at = (field: number): number => Number(fields[field - 3]);
      const waitedFor = (at(16) + at(17)) / TICKS;
      rows.set(Number(name), {
        pid: Number(name),
        parent: at(4),
        cpu: (at(14) + at(15)) / TICKS + waitedFor,
        waitedFor,
        rss: at(24) * PAGE,
        copy: (at(9) & FORKED_WITHOUT_EXEC) !== 0,
      });
    } catch {
      // It has gone.
    }
  }
  return rows;
}

/** A process with all that descend from it. */
function treeOf(root: number, rows: ReadonlyMap<number, Row>): Row[] {
  const children = new Map<number, Row[]>();
  for (const row of rows.values()) children.set(row.parent, [...(children.get(row.parent) ?? []), row]);
  const found: Row[] = [];
  const add = (row: Row | undefined): void => {
    if (row === undefined) return;
    found.push(row);
    for (const child of children.get(row.pid) ?? []) add(child);
  };
  add(rows.get(root));
  return found;
}

/**
 * User and system seconds that a process and all that ever descended from it have used: what has ended is in the
 * account of whoever waited for it, so nothing short-lived is missed.
 */
export function cpuOf(root: number): number {
  return treeOf(root, table()).reduce((sum, row) => sum + row.cpu, 0);
}

/** The same for all that this process started, itself left out. */
export function cpuOfChildren(): number {
  const rows = table();
  return treeOf(process.pid, rows).reduce(
    (sum, row) => sum + (row.pid === process.pid ? row.waitedFor : row.cpu),
    0,
  );
}

/** Resident bytes of trees together; pages that several programs share count in each. */
export function memoryOf(roots: readonly number[]): number {
  const rows = table();
  return roots
    .flatMap((root) => treeOf(root, rows))
    .filter(({ copy }) => !copy)
    .reduce((sum, row) => sum + row.rss, 0);
}

/** Looks at the memory of trees until it is stopped, and gives the most it saw. */
export function watchMemory(roots: () => readonly number[], everyMs = 100): () => number {
  let peak = 0;
  const look = (): void => void (peak = Math.max(peak, memoryOf(roots())));
  const timer = setInterval(look, everyMs);
  look();
  return () => {
    clearInterval(timer);
    return peak;
  };
}
