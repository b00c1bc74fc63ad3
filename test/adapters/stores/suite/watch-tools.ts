import { readdirSync, readFileSync } from 'node:fs';
import { createHostRuntime } from '../../../../src/adapters/runtimes/host/host.js';
import type { RuntimePort } from '../../../../src/adapters/runtimes/port.js';

/** A real runtime of this host that remembers what it was asked to place. */
export interface WatchedTools {
  readonly runtime: RuntimePort;
  /** Arguments and plain environment of every tool so far, as one text. */
  seen(): string;
}

export function watchTools(baseFolder: string): WatchedTools {
  const host = createHostRuntime({ baseFolder });
  const seen = new Set<string>();
  const place: RuntimePort['place'] = (tool, options) => {
    seen.add(JSON.stringify([tool.argv, tool.env]));
    return host.place(tool, options);
  };
  return { runtime: { ...host, place, placeBeside: place }, seen: () => [...seen].join('\n') };
}

/** Command lines of running processes that carry a marker of ours in their environment (proc(5)). */
export function markedProcesses(prefix: string): string[] {
  return readdirSync('/proc').flatMap((pid) => {
    if (!/^\d+$/.test(pid) || Number(pid) === process.pid) return [];
    try {
      const environment = `\0${readFileSync(`/proc/${pid}/environ`, 'latin1')}`;
      if (!environment.includes(`\0STEADY_MARKER=${prefix}`)) return [];
      return [readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ')];
    } catch {
      return [];
    }
  });
}
