import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FakeApi } from '@ampoule/platform-api/kube/fake-api';
import { makeApp } from './app.ts';
import { ProjectStore } from './project-store.ts';

const PATH = '/apis/nuclio.io/v1beta1/namespaces/nuclio/nucliofunctions';
const SOURCE = Buffer.from('exports.handler = () => 1').toString('base64');

/** A function that can be created as it is. */
export const spec = { runtime: 'nodejs', handler: 'main:handler', build: { functionSourceCode: SOURCE } };

/** A dashboard on a port of its own, before an API server of tests. */
export async function startDashboard() {
  const api = new FakeApi();
  const client = await api.start();
  const folder = await mkdtemp(join(tmpdir(), 'dashboard-'));
  const tokenFile = join(folder, 'token');
  await writeFile(tokenFile, 'right\n');
  const settings = { namespace: 'nuclio', tokenFile, host: '127.0.0.1', port: 0, ingressHosts: [], version: '1', logLevel: 'info' };
  const app = makeApp({ client, settings, logger: false });
  const origin = await app.listen({ host: '127.0.0.1', port: 0 });
  await new ProjectStore(client).ensureDefault('nuclio');

  async function call(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
    const response = await fetch(`${origin}${path}`, {
      method,
      headers: { authorization: 'Bearer right', ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const answer = await response.text();
    return { status: response.status, body: answer === '' ? undefined : JSON.parse(answer) };
  }

  return {
    origin,
    tokenFile,
    call,
    create: (name: string, fields: object = spec, headers = {}) =>
      call('POST', '/api/functions', { metadata: { name }, spec: fields }, headers),
    stored: (name: string) => api.objects.get(`${PATH}/${name}`),
    setState: (name: string, state: string, more = {}) => api.put(`${PATH}/${name}`, { status: { state, ...more } }),
    async stop() {
      await app.close();
      client.close();
      api.stop();
      await rm(folder, { recursive: true });
    },
  };
}

export type TestDashboard = Awaited<ReturnType<typeof startDashboard>>;
