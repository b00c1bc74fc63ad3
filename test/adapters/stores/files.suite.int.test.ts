import { describe } from 'vitest';
import { filesRig } from './files/suite-rig.js';
import { storeSuite } from './suite.js';

describe('the store of a folder', () => {
  storeSuite((runtime) => Promise.resolve(filesRig(runtime)), { password: false });
});
