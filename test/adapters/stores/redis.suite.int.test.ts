import { describe } from 'vitest';
import { redisRig } from './redis/suite-rig.js';
import { storeSuite } from './suite.js';
import { spreadRedis } from './versions.js';

describe.each(spreadRedis())('the store of $title', ({ server }) => {
  storeSuite((runtime) => redisRig(runtime, server), { password: true });
});
