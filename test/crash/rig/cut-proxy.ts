import { once } from 'node:events';
import { readFileSync, rmSync, statSync } from 'node:fs';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';

/** What a connection does while it is cut, and for how long. */
export const CUTS = {
  /** Every connection is reset, new ones too. */
  reset: { seconds: 3 },
  /** Nothing moves: longer than the stall limit of these stacks. */
  stall: { seconds: 9 },
  /** 64 KiB a second. */
  slow: { seconds: 4 },
} as const;
export type Cut = keyof typeof CUTS;

/** A stall limit that a stalled connection passes. */
export const STALL_LIMIT_SECONDS = 6;

const LOOK_MS = 50;
const SLOW_BYTES = 64 * 1024;

/**
 * A TCP proxy whose connections are cut while a file says how (one word of CUTS), from its writing on for as long as that
 * cut lasts; then the file is gone and all is well again.
 */
export async function startCutProxy(
  endpoint: string,
  file: string,
): Promise<{ readonly endpoint: string; close(): Promise<void> }> {
  const target = new URL(endpoint);
  const sockets = new Set<Socket>();
  const cutNow = (): Cut | undefined => {
    try {
      const cut = readFileSync(file, 'utf8') as Cut;
      if (Date.now() - statSync(file).mtimeMs < CUTS[cut].seconds * 1000) return cut;
      rmSync(file);
    } catch {
      // no file: all is well
    }
    return undefined;
  };
  const throttle = (): Transform =>
    new Transform({
      transform(chunk: Buffer, _encoding, done) {
        void (async () => {
          for (let cut = cutNow(); cut !== undefined; cut = cutNow()) {
            if (cut === 'slow') {
              await sleep((chunk.length / SLOW_BYTES) * 1000);
              break;
            }
            await sleep(LOOK_MS);
          }
          done(null, chunk);
        })();
      },
    });
  const server = createServer((incoming) => {
    if (cutNow() === 'reset') return void incoming.resetAndDestroy();
    const onward = connect(Number(target.port), target.hostname);
    for (const socket of [incoming, onward]) {
      sockets.add(socket);
      socket.once('close', () => {
        sockets.delete(socket);
        incoming.destroy();
        onward.destroy();
      });
    }
    // A socket that ends with an error has told its own side; the pair goes together.
    void pipeline(incoming, throttle(), onward).catch(() => undefined);
    void pipeline(onward, throttle(), incoming).catch(() => undefined);
  });
  const resetting = setInterval(() => {
    if (cutNow() === 'reset') for (const socket of sockets) socket.resetAndDestroy();
  }, LOOK_MS);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      clearInterval(resetting);
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
