import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

const recordSchema = z.object({
  /** What was last done to the service by us; `failed` is a start that failed. */
  last: z.enum(['started', 'stopped', 'failed']),
  /** The process started, while it was seen running; a command that went to the background leaves none. */
  pid: z.number().int().positive().optional(),
  /** Start of that process in clock ticks since boot: tells it from another one that got its pid. */
  startTicks: z.string().optional(),
  /** When it was started, RFC 3339. */
  at: z.string().optional(),
});
export type ProcessRecord = z.infer<typeof recordSchema>;

/** What this runtime did to services of given commands, kept in a file each, so that another worker knows it. */
export function createProcessRecords(folder: string) {
  const path = (service: string): string => join(folder, `${service}.json`);
  return {
    /** Undefined when nothing was done yet; a record that cannot be read counts as none. */
    async read(service: string): Promise<ProcessRecord | undefined> {
      try {
        return recordSchema.parse(JSON.parse(await readFile(path(service), 'utf8')));
      } catch {
        return undefined;
      }
    },
    async write(service: string, record: ProcessRecord): Promise<void> {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const fresh = `${path(service)}.${process.pid}.new`;
      await writeFile(fresh, JSON.stringify(record));
      await rename(fresh, path(service));
    },
  };
}

/** Start of a process in clock ticks since boot (field 22 of proc_pid_stat(5)); undefined when it has ended. */
export async function startTicks(pid: number): Promise<string | undefined> {
  try {
    return ticksIn(await readFile(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return undefined;
  }
}

/** The same of what that file says. */
export function ticksIn(stat: string): string | undefined {
  // The name in parentheses may hold anything; fields count from behind its last one, and the third is the state.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19];
}

/** Whether the process of a record still runs. */
export async function runs(record: ProcessRecord | undefined): Promise<boolean> {
  if (record?.last !== 'started' || record.pid === undefined) return false;
  return record.startTicks !== undefined && (await startTicks(record.pid)) === record.startTicks;
}
