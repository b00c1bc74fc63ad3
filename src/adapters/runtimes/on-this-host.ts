import { basename } from 'node:path';
import type { PlacedTool, Tool } from '../../pipelines/tool.js';

/** A tool placed on this host; its marker is how reaping finds it when its worker has died. */
export function onThisHost(
  tool: Tool,
  options: { readonly marker: string; readonly cwd: string; readonly niceness?: number | undefined },
): PlacedTool {
  return {
    ...tool,
    env: { ...tool.env, STEADY_MARKER: options.marker },
    label: basename(tool.argv[0]),
    cwd: options.cwd,
    niceness: options.niceness,
  };
}
