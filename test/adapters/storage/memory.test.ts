import { describe } from 'vitest';
import { createMemoryStorage } from '../../../src/adapters/storage/memory.js';
import { storageSuite } from './suite.js';
import { lockSuite } from './suite-lock.js';

describe('memory storage', () => {
  storageSuite(() => Promise.resolve(createMemoryStorage()));
});

describe('memory storage that locks', () => {
  lockSuite(async () => {
    const storage = createMemoryStorage({ locks: true });
    const { tampering } = storage;
    return {
      storage,
      overwrite: async (key, content, end) => tampering.overwrite(key, content, end),
      hide: async (key) => tampering.hide(key),
    };
  });
});
