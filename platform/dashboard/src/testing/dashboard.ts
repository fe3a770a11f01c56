import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FakeRegistry } from '@ampoule/lib/testing/fake-registry';
import { FakeApi } from '@ampoule/platform-api/kube/fake-api';
import { platformConfigSchema } from '@ampoule/platform-api/platform-config';
import { connectRegistry } from '@ampoule/platform-api/registry';
import { makeApp } from '../app.ts';
import { readSettings } from '../settings.ts';
import { ProjectStore } from '../stores/project-store.ts';

/** Where the API server of tests keeps the objects of the namespace. */
export const kinds = '/apis/nuclio.io/v1beta1/namespaces/nuclio';
const PATH = `${kinds}/nucliofunctions`;
const SOURCE = Buffer.from('exports.handler = () => 1').toString('base64');

/** A function that can be created as it is. */
export const spec = { runtime: 'nodejs', handler: 'main:handler', build: { functionSourceCode: SOURCE } };

export interface DashboardOptions {
  platform?: object;
  templatesFolder?: string;
  /** Where the invoker is, in the test. */
  invoker?: { intakeUrl: string; adminUrl: string };
}

/** A dashboard on a port of its own, before an API server of tests. */
export async function startDashboard({ platform = {}, templatesFolder, invoker }: DashboardOptions = {}) {
  const api = new FakeApi();
  const client = await api.start();
  const folder = await mkdtemp(join(tmpdir(), 'dashboard-'));
  const tokenFile = join(folder, 'token');
  await writeFile(tokenFile, 'right\n');
  const invokerTokenFile = join(folder, 'invoker-token');
  await writeFile(invokerTokenFile, 'token of tests\n');
  const intakeTokenFile = join(folder, 'intake-token');
  await writeFile(intakeTokenFile, 'token of intake tests\n');
  const registry = new FakeRegistry();
  const registryUrl = await registry.start();
  const settings = readSettings({
    AMPOULE_REGISTRY_URL: registryUrl,
    AMPOULE_DASHBOARD_TOKEN_FILE: tokenFile,
    AMPOULE_INGRESS_HOSTS: 'nuclio.example',
    AMPOULE_VERSION: '1',
    AMPOULE_WARM_NAMESPACE: 'ampoule-warm',
    AMPOULE_TEMPLATES_FOLDER: templatesFolder,
    AMPOULE_INVOKER_INTAKE_URL: invoker?.intakeUrl,
    AMPOULE_INVOKER_ADMIN_URL: invoker?.adminUrl,
    AMPOULE_INVOKER_TOKEN_FILE: invokerTokenFile,
    AMPOULE_INVOKER_INTAKE_TOKEN_FILE: intakeTokenFile,
  });
  const app = makeApp({
    client,
    registry: await connectRegistry(settings.registry),
    settings,
    platform: platformConfigSchema.parse(platform),
    logger: false,
  });
  const origin = await app.listen({ host: '127.0.0.1', port: 0 });
  await new ProjectStore(client).ensureDefault('nuclio');

  async function call(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
    const response = await fetch(`${origin}${path}`, {
      method,
      headers: { authorization: 'Bearer right', ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const answer = await response.text();
    return { status: response.status, headers: response.headers, body: answer === '' ? undefined : JSON.parse(answer) };
  }

  return {
    app,
    api,
    registry,
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
      registry.stop();
      await rm(folder, { recursive: true });
    },
  };
}

export type TestDashboard = Awaited<ReturnType<typeof startDashboard>>;
