/** The CLI's one door to the vendors: loaded only when a worker runs here. */
export { runWorker } from '../../workers/run-worker.js';
