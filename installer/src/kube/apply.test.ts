import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { freePorts } from '@ampoule/lib/testing/free-port';
import { CoreV1Api, CustomObjectsApi, type KubernetesObject } from '@kubernetes/client-node';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { applyObjects, nameOf, objectsOf } from './apply.ts';
import { type ApiServer, kubeConfigFor, startApiServer } from './testing.ts';

const configMap = (name: string, data: Record<string, string>): KubernetesObject & { data: Record<string, string> } => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'default' },
  data,
});
const nothing = () => undefined;

const placeholder = (name: string) => `$\{${name}}`;

describe('the objects of manifests', () => {
  it('have their placeholders filled, in the order of the files', () => {
    const texts = [
      {
        name: 'a.yaml',
        text: `# nothing but a comment\n---\napiVersion: v1\nkind: Namespace\nmetadata: { name: ${placeholder('namespace')} }\n---\n`,
      },
      { name: 'b.yaml', text: `apiVersion: v1\nkind: Pod\nmetadata: { name: p, namespace: ${placeholder('namespace')} }\n` },
    ];
    expect(objectsOf(texts, { namespace: 'n' }).map(nameOf)).toEqual(['Namespace n', 'Pod n/p']);
  });

  it('are refused when they ask for a value that does not exist', () => {
    expect(() => objectsOf([{ name: 'a.yaml', text: placeholder('nope') }], {})).toThrow(/a\.yaml.*nope/s);
  });
});

describe('with a real API server', () => {
  let server: ApiServer;
  beforeAll(async () => {
    server = await startApiServer();
  }, 90_000);
  afterAll(() => server.stop());

  it('applies a definition and an object of it in one go, and tells of each', async () => {
    const schema = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
    const objects: KubernetesObject[] = [
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'site' } },
      {
        apiVersion: 'apiextensions.k8s.io/v1',
        kind: 'CustomResourceDefinition',
        metadata: { name: 'lamps.example.org' },
        spec: {
          group: 'example.org',
          scope: 'Namespaced',
          names: { kind: 'Lamp', plural: 'lamps' },
          versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: schema } }],
        },
      } as KubernetesObject,
      { apiVersion: 'example.org/v1', kind: 'Lamp', metadata: { name: 'one', namespace: 'site' } },
    ];
    const applied: string[] = [];
    await applyObjects(server.kubeconfig, objects, (name) => applied.push(name));
    expect(applied).toEqual(['Namespace site', 'CustomResourceDefinition lamps.example.org', 'Lamp site/one']);
    const api = server.kubeconfig.makeApiClient(CustomObjectsApi);
    const found = { group: 'example.org', version: 'v1', plural: 'lamps', namespace: 'site', name: 'one' };
    expect(await api.getNamespacedCustomObject(found)).toMatchObject({ kind: 'Lamp' });
  });

  it('changes nothing the second time, takes back what others changed, and removes what it applies no more', async () => {
    const core = server.kubeconfig.makeApiClient(CoreV1Api);
    const read = () => core.readNamespacedConfigMap({ name: 'again', namespace: 'default' });
    await applyObjects(server.kubeconfig, [configMap('again', { a: '1', b: '2' })], nothing);
    const first = await read();
    await applyObjects(server.kubeconfig, [configMap('again', { a: '1', b: '2' })], nothing);
    expect((await read()).metadata?.resourceVersion).toBe(first.metadata?.resourceVersion);
    await core.replaceNamespacedConfigMap({ name: 'again', namespace: 'default', body: { ...first, data: { a: 'mine', b: '2' } } });
    await applyObjects(server.kubeconfig, [configMap('again', { a: '1' })], nothing);
    expect((await read()).data).toMatchObject({ a: '1' });
  });

  it('names the object that is refused and gives the reason of the server, not its headers', async () => {
    const bad = configMap('bad', { 'not a key': 'x' });
    const error = await applyObjects(server.kubeconfig, [bad], nothing).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: 'AMP_APPLY_REFUSED',
      what: 'The Kubernetes API did not take ConfigMap default/bad',
      why: expect.stringMatching(/^ConfigMap "bad" is invalid: data\[not a key\]/),
    });
    expect(String(error)).not.toMatch(/headers|Body:/i);
  });
});

describe('with a server that has trouble', () => {
  const resources = {
    kind: 'APIResourceList',
    groupVersion: 'v1',
    resources: [{ name: 'configmaps', kind: 'ConfigMap', namespaced: true }],
  };

  /** Stands in for the API server; each PATCH gets the next answer, the last one for good. */
  async function serve(answers: readonly (number | 'hang' | 'reset')[]): Promise<{ url: string; patches: () => number }> {
    let patches = 0;
    const server: Server = createServer((request, response) => {
      response.setHeader('content-type', 'application/json');
      if (request.method === 'GET') return response.end(JSON.stringify(resources));
      const answer = answers[Math.min(patches, answers.length - 1)];
      patches += 1;
      if (answer === 'hang') return undefined;
      if (answer === 'reset') return request.socket.destroy();
      response.statusCode = answer ?? 500;
      return response.end(JSON.stringify({ kind: 'Status', apiVersion: 'v1', message: `answer ${answer}` }));
    }).listen(0, '127.0.0.1');
    onTestFinished(() => void server.close().closeAllConnections());
    await once(server, 'listening');
    return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, patches: () => patches };
  }

  it.each([[[404, 200]], [[503, 429, 200]], [['reset', 200]], [['hang', 200]]] as const)('goes on after %j', async (answers) => {
    const { url, patches } = await serve(answers);
    await applyObjects(kubeConfigFor(url, 500), [configMap('a', {})], nothing);
    expect(patches()).toBe(answers.length);
  });

  it('waits for one that does not listen yet', async () => {
    const [port = 0] = await freePorts(1);
    const applied = applyObjects(kubeConfigFor(`http://127.0.0.1:${port}`), [configMap('a', {})], nothing);
    const server = createServer((request, response) => {
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify(request.method === 'GET' ? resources : {}));
    });
    setTimeout(() => server.listen(port, '127.0.0.1'), 500);
    onTestFinished(() => void server.close().closeAllConnections());
    await applied;
  });

  it('asks once where asking again is no use', async () => {
    const { url, patches } = await serve([403]);
    await expect(applyObjects(kubeConfigFor(url), [configMap('a', {})], nothing)).rejects.toMatchObject({ why: 'answer 403' });
    expect(patches()).toBe(1);
  });

  it('gives up in the end, and says why', async () => {
    const { url } = await serve([503]);
    await expect(applyObjects(kubeConfigFor(url), [configMap('a', {})], nothing, 500)).rejects.toMatchObject({
      code: 'AMP_APPLY_REFUSED',
      why: 'answer 503',
    });
    const [port] = await freePorts(1);
    await expect(applyObjects(kubeConfigFor(`http://127.0.0.1:${port}`), [configMap('a', {})], nothing, 300)).rejects.toMatchObject({
      why: expect.stringContaining('ECONNREFUSED'),
    });
  });
});
