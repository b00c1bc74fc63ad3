// A service of the stack: `node app.mjs PORT TESTPID`. It answers 503 while a file `hold-health` is beside it, and ends
// with the test that made it.
import { existsSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';

const [port, test] = process.argv.slice(2).map(Number);
createServer((_request, response) => {
  response.statusCode = existsSync('hold-health') ? 503 : 200;
  response.end('{"status":"healthy"}');
}).listen(port, '127.0.0.1', () => {
  writeFileSync('app.pid', String(process.pid));
  console.log('listening');
});
setInterval(() => {
  try {
    process.kill(test, 0);
  } catch {
    process.exit(0);
  }
}, 500);
