/** The CLI's one door to the HTTP API: loaded only when it runs here. */
export { runServer } from '../../server/run-server.js';
