/** A process that puts more than its disk holds, for tests; prints what it saw as one line of JSON. */
import { createDirectoryStorage } from '../../../src/adapters/storage/directory/directory.js';
import { SteadyError } from '../../../src/contracts/failures.js';
import { all, body } from './bodies.js';

const storage = createDirectoryStorage({ root: process.argv[2] ?? '', stack: 'demo' });
await storage.create('before', Buffer.from('kept'));
const free = await storage.free();
const error: unknown = await storage.put('too/big', body(64 * 2 ** 20)).catch((reason: unknown) => reason);
const seen = {
  code: error instanceof SteadyError ? error.code : String(error),
  keys: (await all(storage.list(''))).map((object) => object.key),
  unfinished: await all(storage.unfinished('')),
  freeBefore: free,
  freeAfter: await storage.free(),
  fitsAgain: (await storage.put('small', body(2 ** 20))).bytes,
};
process.stdout.write(JSON.stringify(seen));
