import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { digestOf } from '../oci/digest.ts';

/** A registry for tests that keeps everything in memory and speaks as much of the OCI distribution API as builder and dashboard use. */
export class FakeRegistry {
  /** By `repository@digest`. */
  readonly blobs = new Map<string, Buffer>();
  /** By `repository:tag`. */
  readonly manifests = new Map<string, Buffer>();
  /** Blobs that came as uploads rather than by mounting, by `repository@digest`. */
  readonly uploads: string[] = [];
  mounts = true;
  readonly #server = createServer((request, response) => void this.#serve(request, response));

  async start(): Promise<string> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  stop(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  put(repository: string, bytes: Buffer): string {
    const digest = digestOf(bytes);
    this.blobs.set(`${repository}@${digest}`, bytes);
    return digest;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://registry');
    const body = await buffer(request);
    const [, repository = '', kind, name = ''] = /^\/v2\/(.+)\/(manifests|blobs)\/(.*)$/.exec(pathname) ?? [];
    const isDigestOf = (image: string, bytes: Buffer) => image.startsWith(`${repository}:`) && digestOf(bytes) === name;
    const answer = (status: number, content?: Buffer, headers = {}) => response.writeHead(status, headers).end(content);
    if (kind === 'manifests' && request.method === 'PUT') {
      this.manifests.set(`${repository}:${name}`, body);
      return void answer(201);
    }
    if (kind === 'manifests') {
      const names = [...this.manifests].filter(([image, bytes]) => image === `${repository}:${name}` || isDigestOf(image, bytes));
      const [, manifest] = names[0] ?? [];
      if (request.method === 'DELETE') for (const [image] of names) this.manifests.delete(image);
      const found = request.method === 'DELETE' ? 202 : 200;
      return void answer(manifest === undefined ? 404 : found, manifest);
    }
    if (pathname === '/v2/_catalog') {
      const repositories = [...this.manifests.keys()].map((image) => image.slice(0, image.lastIndexOf(':')));
      return void answer(200, Buffer.from(JSON.stringify({ repositories: [...new Set(repositories)] })));
    }
    const [, listed] = /^\/v2\/(.+)\/tags\/list$/.exec(pathname) ?? [];
    if (listed !== undefined) {
      const tags = [...this.manifests.keys()].flatMap((image) => (image.startsWith(`${listed}:`) ? [image.slice(listed.length + 1)] : []));
      return void answer(tags.length === 0 ? 404 : 200, Buffer.from(JSON.stringify({ tags })));
    }
    if (request.method === 'POST') {
      const from = this.blobs.get(`${searchParams.get('from')}@${searchParams.get('mount')}`);
      if (!this.mounts || from === undefined) return void answer(202, undefined, { location: `/v2/${repository}/blobs/uploads/1` });
      this.put(repository, from);
      return void answer(201);
    }
    if (request.method === 'PUT') {
      if (digestOf(body) !== searchParams.get('digest')) return void answer(400);
      this.uploads.push(`${repository}@${this.put(repository, body)}`);
      return void answer(201);
    }
    const blob = this.blobs.get(`${repository}@${name}`);
    answer(blob === undefined ? 404 : 200, request.method === 'HEAD' ? undefined : blob);
  }
}
