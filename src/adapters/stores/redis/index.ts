export { createRedisStore } from './create-redis-store.js';
export type { RedisStoreOptions } from './context.js';
