import { describe } from 'vitest';
import { createMemoryStorage } from '../../../src/adapters/storage/memory.js';
import { storageSuite } from './suite.js';

describe('memory storage', () => {
  storageSuite(() => Promise.resolve(createMemoryStorage()));
});
