// print-counts.mjs FOLDER FAILED_SUITE…: each failed test with the first line of why, and the closing line, summed over
// vitest's reports in the folder. A test file that does not load, and a suite that failed without a failed test (lint,
// types, a crash of the runner), count as one failed.
import { readFileSync, readdirSync } from 'node:fs';
import { relative } from 'node:path';

const [folder, ...failedSuites] = process.argv.slice(2);
const sum = { passed: 0, failed: 0, skipped: 0 };
const failedIn = {};

for (const name of readdirSync(folder).filter((file) => file.endsWith('.json'))) {
  const report = JSON.parse(readFileSync(`${folder}/${name}`, 'utf8'));
  const suite = name.slice(0, -'.json'.length);
  const failures = report.testResults.flatMap(failuresOf);
  for (const { file, test, why } of failures)
    console.log(`failed: ${suite} ${file}${test}\n          ${why}`);
  failedIn[suite] = failures.length;
  sum.passed += report.numPassedTests;
  sum.failed += failures.length;
  sum.skipped += report.numPendingTests + report.numTodoTests;
}
for (const suite of failedSuites) if (!failedIn[suite]) sum.failed += 1;
console.log(`${sum.passed} passed, ${sum.failed} failed${sum.skipped > 0 ? `, ${sum.skipped} skipped` : ''}`);

function failuresOf({ name, status, message, assertionResults }) {
  const file = relative(process.cwd(), name);
  if (status === 'failed' && assertionResults.length === 0)
    return [{ file, test: ' does not load', why: firstLine(message) }];
  return assertionResults
    .filter((test) => test.status === 'failed')
    .map((test) => ({ file, test: ` > ${test.fullName}`, why: firstLine(test.failureMessages[0]) }));
}

function firstLine(text) {
  return (text ?? '').split('\n', 1)[0].slice(0, 400);
}
