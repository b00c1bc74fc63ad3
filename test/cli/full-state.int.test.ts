import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { freePorts } from '../services/free-port.js';
import { onTmpfs } from '../services/on-tmpfs.js';
import { builtSteady } from './rig/build.js';

/**
 * The disk under the state of `steady up` fills up: all in a mount namespace of its own, where that disk is a small one.
 * Prints what is said at each stage as a line of JSON.
 */
const STORY = `
said() { node -e 'console.log(JSON.stringify(process.argv.slice(1)))' "$@"; }
until_up() { for _ in $(seq 150); do grep -q "$1" up.log && return; sleep 0.2; done; echo "no '$1' in:" >&2; cat up.log >&2; exit 9; }
steady() { setpriv --pdeathsig KILL -- node "$MAIN" "$@"; }
setpriv --pdeathsig KILL -- node "$MAIN" up --state state --port "$PORT" --ui-port "$UI" >up.log 2>&1 &
until_up 'steady up: ready'
said ready "$(steady --json backup run 2>/dev/null)" $?
dd if=/dev/zero of=state/fill bs=64k 2>/dev/null
until_up 'is full'
out=$(steady --json backup run 2>/dev/null); said full "$out" $?
rm state/fill
for _ in $(seq 150); do tail -n 1 up.log | grep -q 'MiB left' && break; sleep 0.2; done
for _ in $(seq 30); do out=$(steady --json backup run 2>/dev/null) && break; sleep 1; done
said again "$out" $?
out=$(steady --json status 2>/dev/null); said status "$out" $?
cat up.log >&2
kill %1; wait %1
`;

let folder: string;
const said: Record<string, { readonly code: number; readonly json: any }> = {}; // eslint-disable-line @typescript-eslint/no-explicit-any -- each command has its own form
let words = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'steady-full-'));
  for (const name of ['state', 'backups', 'data']) mkdirSync(join(folder, name));
  writeFileSync(join(folder, 'data', 'a'), 'a');
  writeFileSync(
    join(folder, 'steady.yaml'),
    `version: 1
stack: full
storage: { main: { directory: { path: backups } } }
stores: { docs: { files: { path: data } } }
limits: { worker: 20s }
`,
  );
  const [main, [port, ui]] = await Promise.all([builtSteady(), freePorts(2) as Promise<[number, number]>]);
  const [program = '', ...args] = onTmpfs(['bash', '-c', STORY], join(folder, 'state'), 48 * 2 ** 20);
  const story = spawn(program, args, {
    cwd: folder,
    env: {
      ...process.env,
      MAIN: main,
      PORT: String(port),
      UI: String(ui),
      TEMPORAL_ADDRESS: undefined,
      CI: undefined,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  story.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  story.stderr.setEncoding('utf8').on('data', (text: string) => (words += text));
  const code = await new Promise((resolve) => story.once('close', resolve));
  expect([code, words]).toEqual([expect.anything(), expect.not.stringContaining("no '")]);
  for (const line of stdout.trim().split('\n')) {
    const [stage = '', text = '', exit = ''] = JSON.parse(line) as string[];
    said[stage] = { code: Number(exit), json: JSON.parse(text) as unknown };
  }
}, 240_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

it('a full disk under the state is told by steady up and by whoever is refused for it', () => {
  expect(said['ready']?.code).toBe(0);
  expect(words).toContain(
    `warning: the disk of ${join(folder, 'state')} is full: Temporal takes nothing more`,
  );
  expect(said['full']?.code).toBe(5);
  expect(said['full']?.json.error).toMatchObject({
    code: 'temporal.unreachable',
    message: expect.stringContaining(`full=${join(folder, 'state')}`) as string,
    hint: 'Free space on the disk of that folder: `steady up` there goes on by itself.',
  });
});

it('all of it goes on by itself when there is room again', () => {
  expect(words.trim().split('\n').at(-1)).toContain(' MiB left: once it is full no run begins');
  expect(said['again']?.code).toBe(0);
  expect(said['status']?.json.state).toMatchObject({ state: join(folder, 'state') });
});
