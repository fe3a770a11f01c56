import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { deflateSync } from 'node:zlib';
import { onTestFinished } from 'vitest';

/** By their numbers in a pack: https://git-scm.com/docs/pack-format */
export const kinds = { commit: 1, tree: 2, blob: 3, tag: 4, offsetDelta: 6, idDelta: 7 } as const;
type Whole = 'commit' | 'tree' | 'blob' | 'tag';

export interface FakeObject {
  id: string;
  /** As it lies in a pack. */
  packed: Buffer;
}

export function objectOf(kind: Whole, content: Buffer): FakeObject {
  return { id: createHash('sha1').update(`${kind} ${content.length}\0`).update(content).digest('hex'), packed: packed(kind, content) };
}

/** `size` is what the pack says that the content has; `reference` is that to the base of a delta. */
export function packed(kind: keyof typeof kinds, content: Buffer, { size = content.length, reference = Buffer.alloc(0) } = {}): Buffer {
  const head = [(kinds[kind] << 4) | (size & 0b1111)];
  for (let rest = Math.floor(size / 16); rest > 0; rest = Math.floor(rest / 128)) {
    head[head.length - 1] = (head.at(-1) ?? 0) | 0b10000000;
    head.push(rest & 0b1111111);
  }
  return Buffer.concat([Buffer.from(head), reference, deflateSync(content)]);
}

export function treeOf(entries: readonly { mode: string; name: string; id: string }[]): FakeObject {
  return objectOf(
    'tree',
    Buffer.concat(entries.flatMap(({ mode, name, id }) => [Buffer.from(`${mode} ${name}\0`), Buffer.from(id, 'hex')])),
  );
}

export function commitOf(tree: FakeObject): FakeObject {
  return objectOf('commit', Buffer.from(`tree ${tree.id}\nauthor Ann <ann@example.com> 0 +0000\n\nchange\n`));
}

export function packOf(objects: readonly Buffer[], count = objects.length): Buffer {
  const head = Buffer.from('PACK\0\0\0\u0002\0\0\0\0', 'latin1');
  head.writeUInt32BE(count, 8);
  const pack = Buffer.concat([head, ...objects]);
  return Buffer.concat([pack, createHash('sha1').update(pack).digest()]);
}

/** A server that sends a pack to everybody who wants its HEAD; gives the address of the repository. */
export async function serveRepository(head: string, pack: Buffer): Promise<string> {
  const server = createServer((request, response) => {
    if (request.method === 'GET') {
      response.writeHead(200, { 'content-type': 'application/x-git-upload-pack-advertisement' });
      const capabilities = 'side-band-64k ofs-delta shallow agent=fake';
      response.end(`${line('# service=git-upload-pack\n')}0000${line(`${head} HEAD\0${capabilities}\n`)}0000`);
      return;
    }
    response.writeHead(200, { 'content-type': 'application/x-git-upload-pack-result' });
    response.write(`${line(`shallow ${head}\n`)}0000${line('NAK\n')}`);
    for (let at = 0; at < pack.length; at += 60_000) {
      const piece = pack.subarray(at, at + 60_000);
      response.write(Buffer.concat([Buffer.from(`${lengthOf(piece.length + 1)}\u0001`, 'latin1'), piece]));
    }
    response.end('0000');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/code.git`;
}

const line = (text: string) => lengthOf(text.length) + text;
const lengthOf = (bytes: number) => (bytes + 4).toString(16).padStart(4, '0');
