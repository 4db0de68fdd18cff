/**
 * summary.ts REPORT STATUS: names each skipped test of vitest's JSON report with its reason, and ends with "N passed, N failed".
 * Exit status: 1 if a test failed, none ran, or STATUS (of the checks before) is not 0.
 */
import { readFileSync } from 'node:fs';
import { relative } from 'node:path';

interface Report {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly message: string;
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[];
  }[];
}

const [file, checks] = process.argv.slice(2);
if (!file) {
  process.stderr.write('usage: summary.ts REPORT STATUS\n');
  process.exit(64);
}
const text = readFileSync(file, 'utf8');
const report: Report = text ? JSON.parse(text) : { testResults: [] };
const tests = report.testResults.flatMap((suite) =>
  suite.assertionResults.map((test) => ({ ...test, file: relative(process.cwd(), suite.name) })),
);
// A file that could not even be loaded has no tests to count, and must not pass for that.
const broken = report.testResults.filter((suite) => suite.status === 'failed' && suite.assertionResults.length === 0);
const count = (status: string): number => tests.filter((test) => test.status === status).length;

for (const test of tests) {
  if (!['passed', 'failed'].includes(test.status)) process.stdout.write(`SKIPPED  ${test.file}: ${test.fullName}\n`);
}
for (const suite of broken) process.stdout.write(`BROKEN   ${relative(process.cwd(), suite.name)}: ${suite.message}\n`);
const passed = count('passed');
const failed = count('failed') + broken.length;
if (checks !== '0' && failed === 0) process.stdout.write('A check outside the tests failed: see above.\n');
process.stdout.write(`${passed} passed, ${failed} failed\n`);
process.exitCode = failed > 0 || passed === 0 || checks !== '0' ? 1 : 0;
