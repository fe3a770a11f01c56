import { ask, collected, limited, send, withUser } from '../web.ts';
import type { PackLimits } from './pack.ts';
import { FLUSH, packetOf, packetsOf } from './packets.ts';

export interface GitServer {
  /** Of the repository. */
  url: string;
  /** Of who may read it; empty where everybody may. */
  username: string;
  password: string;
  signal: AbortSignal;
}

/** What a server says of a repository. */
export interface Advertised {
  /** Where the repository is, when the server has led there. */
  url: string;
  headers: Record<string, string>;
  /** What the wanted name stands for. */
  id: string;
  capabilities: ReadonlySet<string>;
}

const SERVICE = 'git-upload-pack';
const USED_CAPABILITIES = ['side-band-64k', 'ofs-delta', 'no-progress'];
const ID = /^[0-9a-f]{40}$/;
/** https://git-scm.com/docs/gitprotocol-pack#_packfile_data */
const bands = { pack: 1, progress: 2, error: 3 } as const;

/**
 * Asks a server what a name such as refs/heads/main stands for, in the first version of git's protocol, which all servers know:
 * https://git-scm.com/docs/http-protocol#_smart_clients
 */
export async function advertisedBy({ url: from, username, password, signal }: GitServer, name: string): Promise<Advertised> {
  const suffix = `/info/refs?service=${SERVICE}`;
  const own = withUser({}, { username, password });
  const { response, url, headers } = await ask(from.replace(/\/+$/, '') + suffix, { headers: own, signal });
  const stream = bodyOf(response, headers);
  let id = '';
  let capabilities: string[] | undefined;
  for await (const packet of packetsOf(limited(stream))) {
    if (packet === FLUSH || packet[0] === '#'.charCodeAt(0)) continue;
    const [ref = '', given] = packet.toString('utf8').replace(/\n$/, '').split('\0');
    if (ref.startsWith('ERR ')) throw new Error(`the server says: ${ref.slice('ERR '.length)}`);
    capabilities ??= given?.split(' ') ?? [];
    const [found = '', of] = ref.split(' ');
    if (of === name) id = found;
  }
  if (!ID.test(id)) throw new Error(`it has no ${name}`);
  return { url: url.replace(suffix, ''), headers, id, capabilities: new Set(capabilities) };
}

/** All objects that a commit needs, without those before it where the server can leave them out. */
export async function fetchPack({ url, headers, id, capabilities }: Advertised, { signal, maxBytes }: PackLimits): Promise<Buffer> {
  if (!capabilities.has('side-band-64k')) throw new Error('the server is older than this builder can read');
  const isShallow = capabilities.has('shallow');
  const used = USED_CAPABILITIES.filter((capability) => capabilities.has(capability));
  const wanted = [...used, ...(isShallow ? ['shallow'] : []), 'agent=ampoule'].join(' ');
  const response = await send(`${url}/${SERVICE}`, {
    method: 'POST',
    headers: { ...headers, 'content-type': `application/x-${SERVICE}-request`, accept: `application/x-${SERVICE}-result` },
    body: `${packetOf(`want ${id} ${wanted}\n`)}${isShallow ? packetOf('deepen 1\n') : ''}0000${packetOf('done\n')}`,
    redirect: 'manual',
    signal,
  });
  return collected(packIn(limited(bodyOf(response, headers), maxBytes)), maxBytes);
}

/** The pack in an answer, whose packets begin with the number of a band once all has been agreed on. */
async function* packIn(stream: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let isAgreed = false;
  for await (const packet of packetsOf(stream)) {
    if (packet === FLUSH) continue;
    if (!isAgreed) {
      const text = packet.toString('utf8').trim();
      if (text.startsWith('ERR ')) throw new Error(`the server says: ${text.slice('ERR '.length)}`);
      isAgreed = text === 'NAK';
      continue;
    }
    if (packet[0] === bands.error) throw new Error(`the server says: ${packet.toString('utf8', 1).trim()}`);
    if (packet[0] === bands.pack) yield packet.subarray(1);
  }
}

function bodyOf(response: Response, { authorization }: Record<string, string>): AsyncIterable<Uint8Array> {
  if (response.status === 401) {
    throw new Error(
      authorization === undefined ? 'the server asks for a name and a password' : 'the server does not take this name and password',
    );
  }
  if (!response.ok || response.body === null) throw new Error(`the server answered ${response.status}`);
  return response.body;
}
