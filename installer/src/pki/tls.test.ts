import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, createServer, checkServerIdentity as identity } from 'node:tls';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { ensurePki, type Pki } from './ensure.ts';
import { issueServer } from './issue.ts';
import { generateKey } from './keys.ts';
import { kubeadmPkiFiles, withRoot } from './kubeadm.ts';
import type { ServerName } from './profile.ts';
import { readCertificates } from './read.ts';
import { config } from './testing.ts';

let folder: string;
let pki: Pki;
let foreign: Pki;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ampoule-tls-'));
  const options = { config, bundleCreatedAt: new Date('2025-01-01T00:00:00Z'), now: new Date() };
  [pki, foreign] = await Promise.all([
    ensurePki({ directory: join(folder, 'a'), ...options }),
    ensurePki({ directory: join(folder, 'b'), ...options }),
  ]);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function listen(cert: string, key: string): Promise<number> {
  const server = createServer({ cert, key }, (socket) => socket.on('error', () => undefined).end('hello'));
  server.on('tlsClientError', () => undefined).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** Connects to the loopback address, but checks the certificate against `name` as if it had been called so. */
async function handshake(port: number, name: string, ca: string): Promise<boolean> {
  const isAddress = /^[\d.]+$/.test(name);
  const socket = connect({
    port,
    host: '127.0.0.1',
    ca,
    ...(isAddress ? {} : { servername: name }),
    checkServerIdentity: (_, certificate) => identity(name, certificate),
  });
  await once(socket, 'secureConnect');
  socket.destroy();
  return socket.authorized;
}

async function serve(name: ServerName): Promise<number> {
  const { certificate, key } = pki.servers[name];
  return listen(await readFile(certificate, 'utf8'), await readFile(key, 'utf8'));
}

it.each<[ServerName, string]>([
  ['registry', '192.0.2.10'],
  ['registry', '127.0.0.1'],
  ['registry', 'localhost'],
  ['registry', 'registry.ampoule.internal'],
  ['ingress', 'ampoule.example'],
  ['ingress', 'hello.ampoule.example'],
  ['ingress', '192.0.2.10'],
])('a client that trusts the root alone reaches the %s as %s', async (server, name) => {
  expect(await handshake(await serve(server), name, await readFile(pki.trust, 'utf8'))).toBe(true);
});

it.each<[ServerName, string]>([
  ['registry', 'ampoule.example'],
  ['registry', '192.0.2.11'],
  ['ingress', 'registry.ampoule.internal'],
  ['ingress', 'a.b.ampoule.example'],
])('the %s is not taken for %s', async (server, name) => {
  await expect(handshake(await serve(server), name, await readFile(pki.trust, 'utf8'))).rejects.toMatchObject({
    code: 'ERR_TLS_CERT_ALTNAME_INVALID',
  });
});

it('a client of another appliance refuses the server', async () => {
  const port = await serve('registry');
  await expect(handshake(port, 'localhost', await readFile(foreign.trust, 'utf8'))).rejects.toMatchObject({
    code: expect.stringMatching(/SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_/),
  });
});

/** An API server as kubeadm makes it: a leaf of the cluster's authority, sent alone. */
async function apiServer(): Promise<{ port: number; ca: string }> {
  const files = new Map((await kubeadmPkiFiles(pki)).map(({ path, contents }) => [path, contents]));
  const key = await generateKey(2048);
  const issuer = { certificate: files.get('ca.crt') ?? '', key: files.get('ca.key') ?? '' };
  const names = { dns: ['kubernetes'], ip: ['10.96.0.1'] };
  const dates = { notBefore: new Date(Date.now() - 1000), notAfter: new Date(Date.now() + 60_000) };
  return { port: await listen(issueServer({ commonName: 'kube-apiserver', key, issuer, names, ...dates }), key), ca: issuer.certificate };
}

it('a strict client with ca.crt verifies an API server that sends its leaf alone', async () => {
  const { port, ca } = await apiServer();
  expect(await handshake(port, 'kubernetes', ca)).toBe(true);
});

it("a strict client needs the root added to kubeadm's kubeconfig", async () => {
  const { port, ca } = await apiServer();
  const authority = `${readCertificates(ca)[0]?.toString()}`;
  await expect(handshake(port, 'kubernetes', authority)).rejects.toMatchObject({ code: 'UNABLE_TO_GET_ISSUER_CERT' });
  const kubeconfig = `clusters:\n- cluster:\n    certificate-authority-data: ${Buffer.from(authority).toString('base64')}\n    server: https://10.0.0.5:6443\n`;
  const root = await readFile(pki.trust, 'utf8');
  const completed = withRoot(kubeconfig, root);
  const data = /certificate-authority-data: (\S+)/.exec(completed)?.[1] ?? '';
  expect(await handshake(port, 'kubernetes', Buffer.from(data, 'base64').toString('utf8'))).toBe(true);
  expect(withRoot(completed, root)).toBe(completed);
});
