// A service for tests: `node server.mjs TEST_PID MODE`. Ends when the test has gone, however it went.
//   plain      says so in its log and runs until TERM       stubborn   takes no notice of TERM
//   daemon     goes to the background: a plain one outlives this command, whose pid is written to FILE (argv 4)
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';

const [, script, testPid, mode, file] = process.argv;
setInterval(() => {
  try {
    process.kill(Number(testPid), 0);
  } catch {
    process.exit(1);
  }
}, 200);
if (mode === 'daemon') {
  const child = spawn(process.execPath, [script, testPid, 'plain'], { detached: true, stdio: 'ignore' });
  writeFileSync(file, String(child.pid));
  child.unref();
  process.exit(0);
}
if (mode === 'fails') {
  console.error('port 8000 is taken');
  process.exit(3);
}
process.on('SIGTERM', () => {
  if (mode === 'stubborn') console.log('no');
  else process.exit(0);
});
console.log('to stdout');
console.error('to stderr');
