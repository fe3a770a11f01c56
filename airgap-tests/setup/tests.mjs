import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const PROJECTS = ['unit', 'scenarios'];

/** Builds the bundle, runs every check and test in order, sums the tests up in one line, and gives the exit code. */
export async function runTests({ run, node, repository, args, removeDeadHosts }) {
  const modules = join(repository, 'node_modules');
  const total = { passed: 0, failed: 0 };
  const problems = [];
  for (const [name, command] of [
    // First: unit tests use its programs, scenarios carry it.
    ['bundle', [node, 'bundle/src/main.ts', 'bundle', 'create']],
    ['biome check', [join(modules, '.bin', 'biome'), 'check', '.']],
    ['tsc', [node, join(modules, 'typescript', 'bin', 'tsc'), '--noEmit']],
  ]) {
    title(name);
    // A check that fails counts as a failed test, so that the sum never says 0 failed when the whole has failed.
    if ((await run(command[0], command.slice(1))) !== 0) problems.push(`${name} failed`);
  }
  for (const project of PROJECTS) {
    title(`${project} tests`);
    const outcome = await runProject({ run, node, modules, repository, project, args });
    total.passed += outcome.passed;
    total.failed += outcome.failed;
    problems.push(...outcome.problems);
  }
  removeDeadHosts();
  if (total.passed + total.failed === 0) problems.push('no test ran');
  title('result');
  for (const problem of problems) process.stdout.write(`${problem}\n`);
  process.stdout.write(`${total.passed} passed, ${total.failed + problems.length} failed\n`);
  return total.failed + problems.length > 0 ? 1 : 0;
}

async function runProject({ run, node, modules, repository, project, args }) {
  const report = join(repository, '.cache', 'tests', `${project}.json`);
  mkdirSync(join(repository, '.cache', 'tests'), { recursive: true });
  rmSync(report, { force: true });
  const options = ['--project', project, '--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  // Who names files or tests on purpose leaves others out on purpose.
  const chosen = args.length > 0;
  const vitest = [join(modules, 'vitest', 'vitest.mjs'), 'run', ...options, ...(chosen ? ['--passWithNoTests'] : []), ...args];
  // Tests start some hundreds of our programs from their sources; without it each of them strips and compiles these anew.
  const code = await run(node, vitest, { NODE_COMPILE_CACHE: join(repository, '.cache', 'tests', 'compiled') });
  const result = readReport(report);
  const outcome = { passed: result?.numPassedTests ?? 0, failed: result?.numFailedTests ?? 0, problems: [] };
  const brokenFiles = (result?.testResults ?? []).filter(
    (file) => file.status === 'failed' && file.assertionResults.every((test) => test.status !== 'failed'),
  );
  outcome.problems.push(...brokenFiles.map((file) => `${file.name} could not be run to its end`));
  const skipped = (result?.numPendingTests ?? 0) + (result?.numTodoTests ?? 0);
  if (skipped > 0 && !chosen) outcome.problems.push(`${skipped} ${project} tests were skipped`);
  if (!chosen && outcome.passed + outcome.failed === 0) outcome.problems.push(`no ${project} test ran`);
  if (code !== 0 && outcome.failed === 0 && outcome.problems.length === 0)
    outcome.problems.push(`the ${project} tests ended with code ${code}`);
  return outcome;
}

function readReport(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

function title(text) {
  process.stdout.write(`\n== ${text}\n`);
}
