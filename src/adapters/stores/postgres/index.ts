export { createPostgresStore } from './create-postgres-store.js';
export type { StoreOptions, Tuning } from './access.js';
