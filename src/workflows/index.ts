/** Every workflow type of steadyhand, by the name it is started under. */
export { backup } from './backup/backup.js';
export { backupStore } from './backup/backup-store.js';
export { check } from './check/check.js';
export { deploy } from './deploy/deploy.js';
export { ledger } from './entities/ledger.js';
export { storage } from './entities/storage.js';
export { target } from './entities/target.js';
export { watch } from './entities/watch.js';
export { look, mark } from './look/look.js';
export { notify } from './notify/notify.js';
export { importDumps } from './import/import-dumps.js';
export { prune } from './prune/prune.js';
export { hold } from './restore/hold.js';
export { restore } from './restore/restore.js';
export { undoRestore } from './restore/undo.js';
export { changeServices } from './services/change-services.js';
export { sweep } from './sweep/sweep.js';
export { verify } from './verify/verify.js';
