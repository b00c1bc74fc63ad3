import { describe } from 'vitest';
import { postgresRig } from './postgres/suite-rig.js';
import { storeSuite } from './suite.js';
import { suitePostgres } from './versions.js';

describe.each(suitePostgres())('the store of $title', ({ bin }) => {
  storeSuite((runtime) => postgresRig(runtime, bin), { password: true });
});
