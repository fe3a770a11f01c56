import { parse } from '@ampoule/lib/parse';
import { labels } from '@ampoule/platform-api/constants';
import type { FunctionStatus } from '@ampoule/platform-api/function';
import type { Command } from 'commander';
import type { ApiClient } from '../api-client.ts';
import { addDeployFlags } from '../deploy/flags.ts';
import { type Prepared, prepareFunction } from '../deploy/prepare.ts';
import { showProgress } from '../deploy/progress.ts';
import { duration } from '../deploy/values.ts';
import { waitUntilReady } from '../deploy/wait.ts';
import { show } from '../output.ts';
import { findObject, functions, namespaceOf } from '../resources.ts';
import type { SourceArchive } from '../source/code.ts';
import { withExamples } from './examples.ts';
import type { Shell } from './shell.ts';

/** Flags that say where a function comes from. */
export interface OriginFlags {
  path?: string;
  name?: string;
  file?: string;
}

interface DeployFlags extends OriginFlags {
  wait: boolean;
  timeout: string;
}

export function addOriginFlags(command: Command): Command {
  return command
    .option('-p, --path <path>', 'file, folder, or URL of a tar.gz; what stands before it is then the name')
    .option('--name <name>', 'name; that of function.yaml or of the folder by default')
    .option('-f, --file <file>', 'configuration; function.yaml of the folder by default');
}

const UPLOAD_TIMEOUT_MS = 600_000;

/** Creates a function or replaces it, and waits until it serves. */
export function addDeploy(parent: Command, shell: Shell): Command {
  const command = addOriginFlags(shell.verb(parent, 'deploy [path-or-name]').description('build and run a function from a file or folder'))
    .option('--no-wait', 'end when the API has taken it, not when it serves')
    .option('--timeout <duration>', 'how long to wait until it serves, for example 90s', '10m')
    .action(async (target: string | undefined, flags: DeployFlags, self: Command) => {
      const timeoutMs = parse(duration, flags.timeout, '--timeout');
      const prepared = await prepareFunction({ target, ...flags }, self);
      const api = await shell.connect();
      const { name } = prepared.config.metadata;
      await putFunction(api, prepared);
      if (!flags.wait) {
        show(shell.printer, { data: { name, state: 'building' }, text: () => `Function ${name} is being deployed.` });
        return;
      }
      await showUntilReady(shell, api, name, timeoutMs);
    });
  const at = shell.words(parent, 'deploy');
  return withExamples(
    addDeployFlags(command),
    `${at} ./hello`,
    `${at} main.py --name hello -e COLOUR=blue --min-replicas 2`,
    `${at} hello --path ./hello --triggers '{"web": {"kind": "http", "numWorkers": 4}}'`,
    `${at} hello --path http://files.example/hello.tar.gz --runtime nodejs --handler main:handler`,
    `${at} hello --run-image registry/hello:1 --runtime nodejs`,
  );
}

/** Waits until a function serves, shows how it comes up, and how it is called. @throws AMP_CLI_DEPLOY_FAILED, AMP_CLI_DEPLOY_TIMEOUT */
export async function showUntilReady(shell: Shell, api: ApiClient, name: string, timeoutMs: number, more: object = {}): Promise<void> {
  const started = performance.now();
  const progress = showProgress(shell.printer, `Deploying ${name}`, shell.isJson);
  const status = await waitUntilReady(api, name, { timeoutMs, progress }).finally(progress.stop);
  const url = urlOf(api, status);
  show(shell.printer, {
    data: { name, ...more, state: status.state, ...(url === undefined ? {} : { url }) },
    text: () => readyText(name, status, { url, seconds: (performance.now() - started) / 1000 }),
  });
}

/** Puts a function in the place of the one of that name, whose project it keeps unless it names one. */
export async function putFunction(api: ApiClient, { config, archive }: Prepared): Promise<void> {
  if (archive !== undefined) await sendArchive(api, archive);
  const current = await findObject(api, functions, config.metadata.name);
  const project = current?.metadata.labels?.[labels.project];
  const all = { ...(project === undefined ? {} : { [labels.project]: project }), ...config.metadata.labels };
  const body = { ...config, metadata: { ...config.metadata, labels: all } };
  await api.call('PUT', functions.path, { headers: namespaceOf(api, functions), body });
}

async function sendArchive(api: ApiClient, { digest, bytes }: SourceArchive): Promise<void> {
  const headers = { ...namespaceOf(api, functions), 'content-type': 'application/gzip' };
  await api.call('PUT', `/api/function_sources/${digest}`, { headers, body: bytes, timeoutMs: UPLOAD_TIMEOUT_MS });
}

/** Where people call a function: by the address by which they reach the API, if it has that. */
function urlOf({ connection }: ApiClient, { externalInvocationUrls }: FunctionStatus): string | undefined {
  const { host, protocol } = new URL(connection.server);
  const urls = externalInvocationUrls ?? [];
  const address = urls.find((url) => url.split('/')[0] === host) ?? urls[0];
  return address === undefined ? undefined : `${protocol}//${address}`;
}

function readyText(name: string, { state }: FunctionStatus, { url, seconds }: { url: string | undefined; seconds: number }): string {
  if (state === 'imported') return `Function ${name} is imported; it does not run.`;
  if (state === 'scaledToZero') return `Function ${name} is deployed, and has no replicas for now.`;
  return [
    `Function ${name} is ready after ${seconds.toFixed(1)} s.`,
    ...(url === undefined ? [] : [`  ${url}`]),
    `  ampoule invoke ${name}`,
  ].join('\n');
}
