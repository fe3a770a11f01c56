import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { KubeConfig } from '@kubernetes/client-node';
import { KubeClient } from './client.ts';
import type { RawObject } from './resources.ts';

type Stored = RawObject & { metadata: { name: string; namespace: string; resourceVersion: string; uid: string; generation: number } };

/** A small API server for tests: it keeps objects by their paths, counts versions, and streams watches. */
export class FakeApi {
  readonly objects = new Map<string, Stored>();
  /** Method and path of each request that changes something. */
  readonly writes: string[] = [];
  /** When set, answers instead of the server; true means that it did. */
  intercept: ((request: IncomingMessage, response: ServerResponse) => boolean) | undefined;
  /** When set, what was done is told only after this. */
  beforeAnswer: ((request: IncomingMessage) => Promise<unknown> | undefined) | undefined;
  /** Logs by the paths of their pods; what is added with `log` reaches those who follow. */
  readonly logs = new Map<string, string>();
  readonly #followers = new Set<{ path: string; response: ServerResponse }>();
  readonly #watches = new Set<{ path: string; response: ServerResponse }>();
  readonly #server = createServer((request, response) => void this.#serve(request, response));
  #version = 1;

  async start(): Promise<KubeClient> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    const server = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
    const config = new KubeConfig();
    config.loadFromClusterAndUser({ name: 'fake', server, skipTLSVerify: true }, { name: 'fake' });
    return new KubeClient(config);
  }

  stop(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  /** Cuts all watches, as a server that restarts does. */
  cutWatches(): void {
    for (const { response } of this.#watches) response.destroy();
  }

  put(path: string, object: object): Stored {
    const old = this.objects.get(path);
    const [, , namespace = ''] = /\/namespaces\/(([^/]+))\//.exec(path) ?? [];
    const given = object as RawObject;
    const isSameSpec = given.spec === undefined || JSON.stringify(old?.spec) === JSON.stringify(given.spec);
    const metadata = {
      ...(given.metadata ?? old?.metadata),
      name: path.slice(path.lastIndexOf('/') + 1),
      namespace,
      uid: old?.metadata.uid ?? `uid-${this.#version}`,
      generation: (old?.metadata.generation ?? 0) + (isSameSpec ? 0 : 1),
      resourceVersion: String(++this.#version),
    };
    const stored: Stored = { ...old, ...given, metadata };
    this.objects.set(path, stored);
    this.#tell(old === undefined ? 'ADDED' : 'MODIFIED', path, stored);
    return stored;
  }

  /** How many follow a log. */
  get followers(): number {
    return this.#followers.size;
  }

  /** Adds to the log of a pod. */
  log(pod: string, text: string): void {
    this.logs.set(pod, (this.logs.get(pod) ?? '') + text);
    for (const follower of this.#followers) if (follower.path === pod) follower.response.write(text);
  }

  #tell(type: string, path: string, object: Stored): void {
    const collection = path.slice(0, path.lastIndexOf('/'));
    for (const watch of this.#watches) if (watch.path === collection) watch.response.write(`${JSON.stringify({ type, object })}\n`);
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://fake');
    const { method = 'GET' } = request;
    if (method !== 'GET') this.writes.push(`${method} ${pathname}`);
    if (this.intercept?.(request, response)) return;
    const body = method === 'GET' ? undefined : ((await json(request)) as RawObject);
    const answer = async (status: number, value: object) => {
      const text = JSON.stringify(value);
      await this.beforeAnswer?.(request);
      response.writeHead(status, { 'content-type': 'application/json' }).end(text);
    };
    if (searchParams.get('watch') === 'true') {
      response.writeHead(200, { 'content-type': 'application/json' }).flushHeaders();
      const watch = { path: pathname, response };
      this.#watches.add(watch);
      response.on('close', () => this.#watches.delete(watch));
      return;
    }
    if (pathname.endsWith('/log')) {
      this.#answerLog(pathname.slice(0, -'/log'.length), searchParams, response);
      return;
    }
    const current = this.objects.get(pathname);
    if (method === 'POST') {
      const path = `${pathname}/${body?.metadata?.name}`;
      if (this.objects.has(path)) return void answer(409, { reason: 'AlreadyExists', message: 'it exists' });
      return void answer(201, this.put(path, body ?? {}));
    }
    if (method === 'GET' && current === undefined && !/\/namespaces\/[^/]+\/[^/]+\/[^/]+$/.test(pathname)) {
      const items = [...this.objects]
        .filter(([path, object]) => path.slice(0, path.lastIndexOf('/')) === pathname && hasLabels(object, searchParams))
        .map(([, object]) => object);
      return void answer(200, { metadata: { resourceVersion: String(this.#version) }, items });
    }
    const isApply = request.headers['content-type'] === 'application/apply-patch+yaml';
    if (current === undefined && !isApply) return void answer(404, { reason: 'NotFound', message: 'not found' });
    const wanted = body?.metadata?.resourceVersion;
    if (method === 'PUT' && wanted === undefined) {
      return void answer(422, { reason: 'Invalid', message: 'metadata.resourceVersion: must be specified for an update' });
    }
    if (wanted !== undefined && wanted !== current?.metadata.resourceVersion)
      return void answer(409, { reason: 'Conflict', message: 'stale' });
    if (method === 'DELETE' && current !== undefined) {
      this.objects.delete(pathname);
      this.#tell('DELETED', pathname, current);
      return void answer(200, current);
    }
    if (method === 'GET') return void answer(200, current ?? {});
    const isMerge = request.headers['content-type'] === 'application/merge-patch+json';
    const next = isMerge ? (merge(current, body) as RawObject) : { ...current, ...body };
    const isSame =
      current !== undefined &&
      isApply &&
      isWithin({ ...body, metadata: undefined }, { ...current, metadata: undefined }) &&
      isWithin(body?.metadata ?? {}, current.metadata);
    void answer(200, isSame ? current : this.put(pathname, next));
  }
  #answerLog(pod: string, query: URLSearchParams, response: ServerResponse): void {
    const text = this.logs.get(pod);
    if (text === undefined) {
      response.writeHead(404, { 'content-type': 'application/json' }).end(JSON.stringify({ reason: 'NotFound', message: 'no such pod' }));
      return;
    }
    const tailLines = query.get('tailLines');
    const lines = text.split(/(?<=\n)/);
    response.writeHead(200, { 'content-type': 'text/plain' });
    response.write((tailLines === null ? lines : lines.slice(-Number(tailLines))).join(''));
    if (query.get('follow') !== 'true') {
      response.end();
      return;
    }
    const follower = { path: pod, response };
    this.#followers.add(follower);
    response.on('close', () => this.#followers.delete(follower));
  }
}

/** Whether an object has the labels of a selector such as `a=b,c=d`. */
function hasLabels({ metadata }: Stored, query: URLSearchParams): boolean {
  const terms = (query.get('labelSelector') ?? '').split(',').filter((term) => term !== '');
  return terms.every((term) => {
    const [name = '', value] = term.split('=');
    return metadata.labels?.[name] === value;
  });
}

function merge(target: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
  const result = { ...(target as Record<string, unknown>) };
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete result[name];
    else result[name] = merge(result[name], value);
  }
  return result;
}

function isWithin(part: object, whole: object): boolean {
  return JSON.stringify({ ...whole, ...part }) === JSON.stringify(whole);
}
