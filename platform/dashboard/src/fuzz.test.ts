import { join } from 'node:path';
import { tryExec } from '@ampoule/lib/exec';
import { silentLogger } from '@ampoule/platform-api/kube/logger';
import { afterAll, beforeAll, expect, it } from 'vitest';
// The real invoker, since its answers have to be as the document says; the dashboard knows nothing of it but its API.
import { NatsServer } from '../../../airgap-tests/brokers/nats.ts';
import { pythonPackages } from '../../../airgap-tests/src/python-packages.ts';
import { readSettings } from '../../invoker/src/settings.ts';
import { startInvoker } from '../../invoker/src/start.ts';
import { environment } from '../../invoker/src/testing/invoker.ts';
import { Target } from '../../invoker/src/testing/target.ts';
import { startDashboard, type TestDashboard } from './testing/dashboard.ts';

const FOLDER = join(import.meta.dirname, '../fuzz');
const INSTALL_MS = 300_000;
const FUZZ_MS = 120_000;

/** What an answer must be like. That requests which the document allows are refused is no mistake: names and states have to fit as well. */
const CHECKS = [
  'not_a_server_error',
  'status_code_conformance',
  'content_type_conformance',
  'response_schema_conformance',
  'response_headers_conformance',
];

let packages: string;
let dashboard: TestDashboard;
const stops: (() => Promise<void> | void)[] = [];

beforeAll(async () => {
  packages = await pythonPackages(join(FOLDER, 'requirements.txt'));
  dashboard = await startDashboard({ invoker: await invokerUrls() });
  stops.unshift(() => dashboard.stop());
  await dashboard.create('f');
}, INSTALL_MS);
afterAll(async () => {
  for (const stop of stops) await stop();
});

async function invokerUrls() {
  const target = await Target.start();
  stops.unshift(() => target.stop());
  const nats = await NatsServer.start({ maxPayload: 4 * 1024 * 1024 });
  stops.unshift(() => nats.stop());
  const { ports, stop } = await startInvoker({ settings: readSettings(environment(nats, target)), logger: silentLogger });
  stops.unshift(stop);
  return { intakeUrl: `http://127.0.0.1:${ports.intake}`, adminUrl: `http://127.0.0.1:${ports.admin}` };
}

it('answers whatever comes as its OpenAPI document says, and never fails', { timeout: FUZZ_MS }, async () => {
  const args = [
    ...['--config-file', join(FOLDER, 'schemathesis.toml'), 'run', `${dashboard.origin}/api/openapi.json`, '--no-color'],
    ...['--header', 'authorization: Bearer right', '--checks', CHECKS.join(','), '--max-examples', '3', '--seed', '1'],
    ...['--phases', 'coverage,fuzzing'],
    // Streams of V3IO are answered by 501, as there is nothing to ask.
    ...['--exclude-path-regex', 'v3io', '--request-timeout', '10'],
  ];
  const program = 'import sys; from schemathesis.cli import schemathesis; sys.exit(schemathesis())';

  const { code, stdout, stderr } = await tryExec('python3', ['-c', program, ...args], { env: { PYTHONPATH: packages }, cwd: packages });

  const report = stdout.slice(stdout.indexOf('= FAILURES ='));
  expect(code, `${report}\n${stderr}`).toBe(0);
  expect(stdout).toMatch(/Tested: 6\d/);
});
