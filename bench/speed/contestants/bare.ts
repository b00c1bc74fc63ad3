import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface, type Interface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Contestant } from '../contestant.js';
import type { Place } from '../place.js';
import type { BareInput } from '../bare-pipeline.js';
import { checkDatabase, SOURCE } from './script.js';

const PROGRAM = fileURLToPath(new URL('../bare-pipeline.ts', import.meta.url));

/** The pipeline of steadyhand without the procedure: no Temporal, no lock, no manifest, no record. */
export function bare(place: Place): Contestant {
  const { postgres, minio } = place;
  let child: ChildProcess | undefined;
  let lines: AsyncIterator<string> | undefined;
  /** One word there, one word back. */
  const tell = async (line: string): Promise<void> => {
    child?.stdin?.write(`${line}\n`);
    const answer = await lines?.next();
    if (answer?.value !== 'ok') throw new Error(`the bare pipeline: ${String(answer?.value ?? 'is gone')}`);
  };
  return {
    name: 'bare',
    title: 'steadyhand, the pipeline alone',
    what: 'what the activities of a backup and a restore do, in a process of its own, without the procedure around it',
    part: true,
    versions: {},
    async begin() {
      const input: BareInput = {
        storage: minio.config({ ca: place.ca, prefix: 'bare' }),
        accessKey: minio.accessKey.reveal(),
        secretKey: minio.secretKey.reveal(),
        password: postgres.password,
        folder: place.folder,
        store: {
          ...{ host: postgres.host, port: postgres.port, bin: postgres.bin },
          ...{ database: SOURCE, user: postgres.user },
        },
      };
      child = spawn('setpriv', ['--pdeathsig', 'KILL', process.execPath, '--import', 'tsx', PROGRAM], {
        stdio: ['pipe', 'pipe', 'inherit'],
      });
      const reader: Interface = createInterface({ input: child.stdout as NodeJS.ReadableStream });
      lines = reader[Symbol.asyncIterator]();
      await tell(JSON.stringify(input));
    },
    backup: () => tell('backup'),
    restore: (database) => tell(`restore ${database}`),
    check: (database, expected) => checkDatabase(place, database, expected),
    memory: () => [child?.pid ?? 0],
    stored: () => place.stored('bare'),
    async end(database) {
      child?.stdin?.end();
      if (child?.exitCode === null) await new Promise((resolve) => child?.once('exit', resolve));
      postgres.sql('postgres', `drop database if exists ${database}`);
      await place.clear('bare');
    },
  };
}
