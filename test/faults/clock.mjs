// Loaded before `steady worker` (NODE_OPTIONS=--import …): its wall clock is off by as many milliseconds as the file
// `<STEADY_FAILPOINTS>/clock` says, from the moment it says so. `performance` and timers go on as they do when a real clock
// jumps. Nothing in src knows of it.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const folder = process.env['STEADY_FAILPOINTS'];
if (folder !== undefined && process.argv.includes('worker')) {
  const LOOK_MS = 20;
  let off = 0;
  const look = () => {
    try {
      off = Number(readFileSync(join(folder, 'clock'), 'utf8'));
    } catch {
      off = 0;
    }
  };
  look();
  setInterval(look, LOOK_MS).unref();
  const { now } = Date;
  globalThis.Date = new Proxy(Date, {
    construct: (of, given, made) => Reflect.construct(of, given.length > 0 ? given : [now() + off], made),
    get: (of, name, as) => (name === 'now' ? () => now() + off : Reflect.get(of, name, as)),
  });
}
