import { describe } from 'vitest';
import { redisRig } from './redis/suite-rig.js';
import { storeSuite } from './suite.js';
import { suiteRedis } from './versions.js';

describe.each(suiteRedis())('the store of $title', ({ server }) => {
  storeSuite((runtime) => redisRig(runtime, server), { password: true });
});
