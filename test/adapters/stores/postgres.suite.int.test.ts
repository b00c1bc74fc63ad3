import { describe } from 'vitest';
import { postgresRig } from './postgres/suite-rig.js';
import { storeSuite } from './suite.js';
import { spreadPostgres } from './versions.js';

describe.each(spreadPostgres())('the store of $title', ({ bin }) => {
  storeSuite((runtime) => postgresRig(runtime, bin), { password: true });
});
