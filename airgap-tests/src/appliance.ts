import { basename } from 'node:path';
import { libError } from '@ampoule/lib/lib-errors';
import { parseJson } from '@ampoule/lib/parse';
import * as z from 'zod';
import type { Lab, LabResponse, SealedHost } from './lab/lab.ts';

const CARRIED = '/root/bundle.tar';
const INSTALL_TIMEOUT_MS = 420_000;

const eventSchema = z.looseObject({ event: z.string(), step: z.string().optional() });
export type InstallEvent = z.output<typeof eventSchema>;

const secretsSchema = z.object({ dashboardToken: z.string(), password: z.string() });
const functionSchema = z.looseObject({ status: z.looseObject({ state: z.string().optional(), message: z.string().optional() }) });

/** An appliance on a sealed host, used as an operator and a developer use it: by its command, its API and its ingress. */
export class Appliance {
  readonly lab: Lab;
  readonly host: SealedHost;
  /** Folder of the unpacked bundle in the host. */
  readonly folder: string;
  #secrets: z.output<typeof secretsSchema> | undefined;

  private constructor(lab: Lab, host: SealedHost, folder: string) {
    this.lab = lab;
    this.host = host;
    this.folder = folder;
  }

  /** Carries a bundle into a host, and nothing else, and unpacks it there. */
  static async carry(lab: Lab, host: SealedHost, bundleFile: string): Promise<Appliance> {
    await host.copyIn(bundleFile, CARRIED);
    await host.mustExec('tar', ['-xf', CARRIED, '-C', '/root']);
    await host.mustExec('rm', [CARRIED]);
    return new Appliance(lab, host, `/root/${basename(bundleFile, '.tar')}`);
  }

  /** Runs the launcher of the bundle. */
  launch(args: readonly string[], onOutput?: (text: string) => void) {
    return this.host.exec(`${this.folder}/ampoule`, args, {
      timeoutMs: INSTALL_TIMEOUT_MS,
      ...(onOutput === undefined ? {} : { onOutput }),
    });
  }

  /** Runs the installed command. */
  command(...args: string[]) {
    return this.host.exec('ampoule', args, { timeoutMs: INSTALL_TIMEOUT_MS });
  }

  /** Installs and gives the events; `onEvent` sees each as it comes. */
  async install(onEvent?: (event: InstallEvent) => void): Promise<InstallEvent[]> {
    const events: InstallEvent[] = [];
    let rest = '';
    const result = await this.launch(['--json', 'install', '--yes'], (text) => {
      const lines = `${rest}${text}`.split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        if (!line.startsWith('{"event"')) continue;
        const event = parseJson(eventSchema, line, 'event of the installer');
        events.push(event);
        onEvent?.(event);
      }
    });
    if (result.code === 0) return events;
    throw libError('AMP_COMMAND_FAILED', {
      what: 'ampoule install failed',
      why: `${result.stdout.slice(-3000)}${result.stderr.slice(-1000)}`,
      fix: 'Look at its output.',
    });
  }

  kubectl(...args: string[]): Promise<string> {
    return this.host.mustExec('/opt/ampoule/bin/kubectl', [
      '--kubeconfig',
      '/etc/kubernetes/admin.conf',
      '--cache-dir',
      '/var/lib/ampoule/kubectl',
      ...args,
    ]);
  }

  async secrets(): Promise<z.output<typeof secretsSchema>> {
    this.#secrets ??= parseJson(secretsSchema, await this.host.readFile('/etc/ampoule/secrets.json'), 'secrets.json');
    return this.#secrets;
  }

  /** Sends a request through the ingress by the host's address, trusting the appliance's root alone. */
  async request(
    method: string,
    path: string,
    { headers = {}, body }: { headers?: Record<string, string>; body?: string } = {},
  ): Promise<LabResponse> {
    const ca = await this.host.readFile('/var/lib/ampoule/pki/trust.crt');
    const url = `https://${this.host.address}${path}`;
    return this.lab.request({ host: this.host, url, method, headers, ca, ...(body === undefined ? {} : { body }) });
  }

  /** Sends a request to the dashboard's API. */
  async api(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<LabResponse> {
    const all = { authorization: `Bearer ${(await this.secrets()).dashboardToken}`, 'content-type': 'application/json', ...headers };
    return this.request(method, `/api${path}`, { headers: all, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
  }

  /** Creates a JavaScript function from its source and waits until it is ready. @throws AMP_COMMAND_FAILED with its state */
  async deploy(name: string, source: string): Promise<void> {
    const spec = { runtime: 'nodejs', handler: 'handler:handler', build: { functionSourceCode: Buffer.from(source).toString('base64') } };
    const created = await this.api('POST', '/functions', { metadata: { name }, spec }, { 'x-nuclio-wait-function-action': 'true' });
    const read = await this.api('GET', `/functions/${name}`);
    const { state, message } =
      created.status === 202 ? parseJson(functionSchema, read.body, name).status : { state: undefined, message: created.body };
    if (state === 'ready') return;
    throw libError('AMP_COMMAND_FAILED', {
      what: `Function ${name} did not become ready`,
      why: `${created.status} ${state}: ${message}`,
      fix: 'Look at "kubectl -n nuclio get pods".',
    });
  }

  /** Calls a function through the ingress. */
  call(name: string, body: string): Promise<LabResponse> {
    return this.request('POST', `/fn/${name}`, { body });
  }
}
