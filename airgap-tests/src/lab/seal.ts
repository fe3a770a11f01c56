import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { type ExecResult, tryExec } from '@ampoule/lib/exec';
import { labError } from './errors.ts';
import { switchAddress, uplinks } from './network.ts';
import { labName, SWITCH } from './paths.ts';

export interface SealProof {
  /** Everything outside that was tried, and did not answer. */
  tried: string[];
  /** What the same probes found inside the lab in the same run, which shows that they work. */
  found: string[];
  milliseconds: number;
}

interface Host {
  readonly name: string;
  exec(program: string, args: readonly string[], options: { timeoutMs: number; input: string }): Promise<ExecResult>;
}

// Each probe gives up after 2 s; the rest is for a machine that is busy.
const LIMIT_MS = 8_000;
const PROBE = join(import.meta.dirname, 'probe.sh');
const LISTENER = join(import.meta.dirname, 'listener.mjs');
const RESOLVERS = ['1.1.1.1', '8.8.8.8', '9.9.9.9', '2606:4700:4700::1111', '2001:4860:4860::8888'];
const NAMES = ['example.com', 'www.iana.org', 'one.one.one.one'];
// Where clouds answer with credentials of the machine.
const METADATA = '169.254.169.254';

/** Tries to get out of a host by address and by name, from inside it and from its network. @throws AMP_LAB_NOT_SEALED */
export async function proveSealed(run: string, host: Host): Promise<SealProof> {
  const start = Date.now();
  const outside = targets();
  const listener = await listen(run);
  try {
    const inside = [`tcp/${listener.address}/${listener.port}`, `udp/${listener.address}/${listener.port}`, `name/${host.name}`];
    const urls = [...RESOLVERS.slice(0, 2), ...NAMES].map((name) => `https://${name}/`);
    const here = `http://${listener.address}:${listener.port}/`;
    const [strange, answered, connected] = await Promise.all([
      uplinks(run),
      probe(host, [...outside, ...inside]),
      fetchAll(labName(run, host.name), [...urls, here]),
    ]);
    const found = [...answered, ...connected];
    const blind = [...inside, here].filter((target) => !found.includes(target));
    if (blind.length > 0)
      throw notSealed(host, 'cannot be proved to be sealed', `The probe does not find what is there: ${blind.join(', ')}`);
    const leaks = [...strange, ...found.filter((target) => ![...inside, here].includes(target))];
    if (leaks.length > 0) throw notSealed(host, 'is not sealed', `These answer or lead out: ${leaks.join(', ')}`);
    return { tried: [...outside, ...urls], found, milliseconds: Date.now() - start };
  } finally {
    listener.close();
  }
}

function targets(): string[] {
  const own = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  const ownAddresses = own.filter((each) => !each.internal && each.family === 'IPv4').map((each) => each.address);
  return [
    ...RESOLVERS.flatMap((address) => [`tcp/${address}/443`, `tcp/${address}/53`, `udp/${address}/53`]),
    ...ownAddresses.flatMap((address) => [`tcp/${address}/22`, `tcp/${address}/443`]),
    `tcp/${METADATA}/80`,
    ...NAMES.map((name) => `name/${name}`),
  ];
}

async function probe(host: Host, all: readonly string[]): Promise<string[]> {
  const input = await readFile(PROBE, 'utf8');
  const { stdout } = await host.exec('bash', ['-s', '--', ...all], { timeoutMs: LIMIT_MS, input });
  return stdout.split('\n').filter((line) => line !== '');
}

// With this machine's own curl and resolver settings: an outside that only they would find is found too.
async function fetchAll(namespace: string, urls: readonly string[]): Promise<string[]> {
  const results = await Promise.all(
    urls.map(async (url) => {
      const options = [
        '--disable',
        '--silent',
        '--noproxy',
        '*',
        '--max-time',
        '2',
        '--output',
        '/dev/null',
        '--write-out',
        '%{time_connect}',
      ];
      const { stdout } = await tryExec('ip', ['netns', 'exec', namespace, 'curl', ...options, '--', url], { timeoutMs: LIMIT_MS });
      return Number(stdout) > 0 ? [url] : [];
    }),
  );
  return results.flat();
}

async function listen(run: string): Promise<{ address: string; port: number; close: () => void }> {
  const address = switchAddress(run);
  const child = spawn('ip', ['netns', 'exec', labName(run, SWITCH), process.execPath, LISTENER, address], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const signal = AbortSignal.timeout(LIMIT_MS);
  const [port] = await once(child.stdout.setEncoding('utf8'), 'data', { signal });
  return { address, port: Number(port), close: () => child.stdin.end() };
}

function notSealed(host: Host, what: string, why: string) {
  return labError('AMP_LAB_NOT_SEALED', {
    what: `The host ${host.name} ${what}`,
    why,
    fix: 'Remove what leads out of the network namespaces of the lab, then run it again.',
  });
}
