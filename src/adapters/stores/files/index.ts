export { createFilesStore } from './create-files-store.js';
export type { FilesStoreOptions } from './context.js';
