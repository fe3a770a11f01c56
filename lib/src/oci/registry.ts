import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { Readable } from 'node:stream';
import { text as readText } from 'node:stream/consumers';
import got, { type Got, type Method, type Response } from 'got';
import * as z from 'zod';
import { AmpouleError } from '../errors.ts';
import { parseJson } from '../parse.ts';
import { digestOf } from './digest.ts';
import { mismatch, refused, unreachable } from './registry-errors.ts';
import { type ImageManifest, imageManifestSchema, mediaTypes } from './types.ts';

export interface RegistryAccess {
  /** For example `https://10.0.0.5:5000`. Credentials go to this origin alone. */
  url: string;
  username?: string;
  password?: string;
  /** PEM of the CA that signed the registry's certificate. */
  ca?: string;
}

export interface StoredManifest {
  digest: string;
  bytes: Buffer;
  manifest: ImageManifest;
}

const REQUEST_TIMEOUT_MS = 30_000;
const UPLOAD_TIMEOUT_MS = 600_000;
/** Entries in a page of a list; registries refuse more than a thousand. */
const PAGE = 500;
const catalogSchema = z.object({ repositories: z.array(z.string()) });
const tagsSchema = z.object({ tags: z.array(z.string()).nullish() });

/** Speaks the OCI distribution API: https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md */
export class RegistryClient {
  readonly #http: Got;
  readonly #origin: string;

  constructor({ url, username, password, ca }: RegistryAccess) {
    this.#origin = new URL(url).origin;
    this.#http = got.extend({
      throwHttpErrors: false,
      followRedirect: false,
      retry: { limit: 0 },
      timeout: { request: REQUEST_TIMEOUT_MS },
      agent: { http: new HttpAgent({ keepAlive: true }), https: new HttpsAgent({ keepAlive: true, ...(ca === undefined ? {} : { ca }) }) },
      ...(username === undefined ? {} : { username, password: password ?? '' }),
    });
  }

  /** Whether the registry answers and takes the credentials. */
  async ping(): Promise<boolean> {
    const response = await this.#request('GET', '/v2/').catch(() => undefined);
    return response?.statusCode === 200;
  }

  async hasBlob(repository: string, digest: string): Promise<boolean> {
    return (await this.#expect('HEAD', `/v2/${repository}/blobs/${digest}`, [200, 404])).statusCode === 200;
  }

  async getBlob(repository: string, digest: string): Promise<Buffer> {
    const bytes = Buffer.from((await this.#expect('GET', `/v2/${repository}/blobs/${digest}`, [200])).rawBody);
    if (digestOf(bytes) !== digest) throw mismatch(`${repository}@${digest}`);
    return bytes;
  }

  /** Makes a blob of one repository appear in another without moving its bytes. False where the registry wants an upload instead. */
  async mountBlob(repository: string, digest: string, fromRepository: string): Promise<boolean> {
    const query = new URLSearchParams({ mount: digest, from: fromRepository });
    const response = await this.#expect('POST', `/v2/${repository}/blobs/uploads/?${query}`, [201, 202]);
    if (response.statusCode === 202) await this.#request('DELETE', this.#location(response));
    return response.statusCode === 201;
  }

  /** Uploads a blob in one stream; the registry checks its digest and keeps nothing of a broken upload. */
  async pushBlob(repository: string, digest: string, size: number, open: () => Readable): Promise<void> {
    const started = await this.#expect('POST', `/v2/${repository}/blobs/uploads/`, [202]);
    const location = new URL(this.#location(started), this.#origin);
    location.searchParams.set('digest', digest);
    const upload = this.#http.stream.put(location.href, {
      headers: { 'content-type': 'application/octet-stream', 'content-length': String(size) },
      timeout: { request: UPLOAD_TIMEOUT_MS },
    });
    const answered = new Promise<number>((resolve, reject) => {
      upload.on('response', (response: Response) => resolve(response.statusCode)).on('error', reject);
    });
    const source = open();
    let unreadable: Error | undefined;
    source.on('error', (error) => {
      unreadable = error;
      upload.destroy(error);
    });
    source.pipe(upload);
    try {
      const status = await answered;
      const body = await readText(upload).catch(() => '');
      if (status !== 201) throw refused('PUT', location.pathname, status, body);
    } catch (error) {
      if (unreadable !== undefined) throw unreadable;
      throw error instanceof AmpouleError ? error : unreachable(this.#origin, error);
    } finally {
      source.destroy();
    }
  }

  /** A manifest by tag or digest; undefined when the registry has none. */
  async getManifest(repository: string, reference: string): Promise<StoredManifest | undefined> {
    const path = `/v2/${repository}/manifests/${reference}`;
    const response = await this.#expect('GET', path, [200, 404], { headers: { accept: mediaTypes.manifest } });
    if (response.statusCode === 404) return undefined;
    const bytes = Buffer.from(response.rawBody);
    const digest = digestOf(bytes);
    if (reference.startsWith('sha256:') && reference !== digest) throw mismatch(`${repository}@${reference}`);
    return {
      digest,
      bytes,
      manifest: parseJson(imageManifestSchema, bytes.toString('utf8'), `${repository}:${reference}`),
    };
  }

  /** Writes a manifest under a tag and gives its digest. Bytes go out as they are, so that their digest stays. */
  async putManifest(repository: string, reference: string, manifest: ImageManifest | Buffer): Promise<string> {
    const body = Buffer.isBuffer(manifest) ? manifest : Buffer.from(JSON.stringify(manifest));
    await this.#expect('PUT', `/v2/${repository}/manifests/${reference}`, [201], {
      headers: { 'content-type': mediaTypes.manifest },
      body,
    });
    return digestOf(body);
  }

  /** The names of all repositories, also of those in which nothing is left. */
  async listRepositories(): Promise<string[]> {
    return (await this.#pages(`/v2/_catalog?n=${PAGE}`, catalogSchema)).flatMap(({ repositories }) => repositories);
  }

  /** The tags of a repository; none where there is no such repository. */
  async listTags(repository: string): Promise<string[]> {
    return (await this.#pages(`/v2/${repository}/tags/list?n=${PAGE}`, tagsSchema)).flatMap(({ tags }) => tags ?? []);
  }

  /** Takes a manifest away, and every tag of the repository that leads to it. False where it is not there. */
  async deleteManifest(repository: string, digest: string): Promise<boolean> {
    return (await this.#expect('DELETE', `/v2/${repository}/manifests/${digest}`, [202, 404])).statusCode === 202;
  }

  /** Follows the links of a list, page by page: https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#listing-tags */
  async #pages<Page>(first: string, schema: z.ZodType<Page>): Promise<Page[]> {
    const pages: Page[] = [];
    for (let path: string | undefined = first; path !== undefined; ) {
      const response: Response<Uint8Array> = await this.#expect('GET', path, [200, 404]);
      if (response.statusCode === 404) break;
      pages.push(parseJson(schema, Buffer.from(response.rawBody).toString('utf8'), path));
      const next = /<([^>]+)>\s*;\s*rel="?next"?/.exec(String(response.headers.link ?? ''))?.[1];
      path = next === undefined ? undefined : this.#ownPath(next, 'GET', response);
    }
    return pages;
  }

  async #expect(method: Method, path: string, statuses: number[], options: { headers?: Record<string, string>; body?: Buffer } = {}) {
    const response = await this.#request(method, path, options);
    if (!statuses.includes(response.statusCode)) throw refused(method, path, response.statusCode, Buffer.from(response.rawBody).toString());
    return response;
  }

  async #request(method: Method, path: string, options: { headers?: Record<string, string>; body?: Buffer } = {}) {
    try {
      return await this.#http(new URL(path, this.#origin), { method, responseType: 'buffer', ...options });
    } catch (error) {
      throw unreachable(this.#origin, error);
    }
  }

  #location(response: Response<unknown>): string {
    return this.#ownPath(response.headers.location ?? '/', 'POST', response);
  }

  /** Credentials go to the registry's own origin alone. */
  #ownPath(href: string, method: Method, { statusCode }: Response<unknown>): string {
    const url = new URL(href, this.#origin);
    if (url.origin !== this.#origin) throw refused(method, url.origin, statusCode, 'it sends the request to another origin');
    return `${url.pathname}${url.search}`;
  }
}
