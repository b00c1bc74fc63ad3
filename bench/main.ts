import { memory } from './memory/main.js';
import { overhead } from './overhead/main.js';
import { report } from './report/main.js';
import { speed } from './speed/main.js';

/** Each measures, keeps its results and writes the docs; see scripts/bench. */
const COMMANDS: Readonly<Record<string, (argv: readonly string[]) => Promise<void>>> = {
  speed,
  overhead,
  memory,
  report: async () => undefined,
};

const [name = '', ...argv] = process.argv.slice(2);
const command = COMMANDS[name];
if (command === undefined) {
  console.error(`${name}: one of ${Object.keys(COMMANDS).join(', ')}`);
  process.exit(2);
}
await command(argv);
await report();
