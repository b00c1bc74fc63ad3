/** A process that puts one object into a folder, for tests; prints how it went. */
import { createDirectoryStorage } from '../../../src/adapters/storage/directory/directory.js';
import { SteadyError } from '../../../src/contracts/failures.js';
import { body } from './bodies.js';

const storage = createDirectoryStorage({ root: process.argv[2] ?? '', stack: 'demo' });
const outcome: unknown = await storage.put('a', body(1)).catch((error: unknown) => error);
process.stdout.write(outcome instanceof SteadyError ? outcome.code : JSON.stringify(outcome));
