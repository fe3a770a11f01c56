import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, globSync, openSync, readSync, statSync } from 'node:fs';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePorts } from '@ampoule/lib/testing/free-port';
import { CoreV1Api, type KubeConfig } from '@kubernetes/client-node';
import { generateKey, publicKeyOf } from '../pki/keys.ts';
import { BoundedKubeConfig } from './client.ts';

const COMPONENTS = join(import.meta.dirname, '../../../.cache/components');
/** ELF's numbers for what Node.js calls them. */
const MACHINES: Partial<Record<NodeJS.Architecture, number>> = { x64: 62, arm64: 183 };
const TOKEN = 'administrator-of-tests';
const START_MS = 60_000;

/** A real API server with its etcd on this machine's loopback, without nodes and controllers. */
export interface ApiServer {
  kubeconfig: KubeConfig;
  stop(): Promise<void>;
}

/** Starts one with the programs that the build of the bundle left. */
export async function startApiServer(): Promise<ApiServer> {
  const folder = await mkdtemp(join(tmpdir(), 'ampoule-kube-'));
  const [etcdPort, peerPort, port] = await freePorts(3);
  const key = await generateKey(2048);
  const at = (name: string) => join(folder, name);
  await writeFile(at('sa.key'), key, { mode: 0o600 });
  await writeFile(at('sa.pub'), publicKeyOf(key));
  await writeFile(at('tokens.csv'), `${TOKEN},admin,1,"system:masters"\n`, { mode: 0o600 });
  // The one program is told by its name what to be.
  await symlink(component('kubernetes-*/program'), at('kube-apiserver'));
  const etcd = spawn(
    component('etcd-*/go.etcd.io_etcd_server_v3'),
    [
      ...['--data-dir', at('etcd'), '--unsafe-no-fsync', '--log-level', 'error'],
      ...['--listen-client-urls', `http://127.0.0.1:${etcdPort}`, '--advertise-client-urls', `http://127.0.0.1:${etcdPort}`],
      ...['--listen-peer-urls', `http://127.0.0.1:${peerPort}`, '--initial-advertise-peer-urls', `http://127.0.0.1:${peerPort}`],
      ...['--initial-cluster', `default=http://127.0.0.1:${peerPort}`],
    ],
    { stdio: 'ignore' },
  );
  const api = spawn(
    at('kube-apiserver'),
    [
      ...['--etcd-servers', `http://127.0.0.1:${etcdPort}`, '--bind-address', '127.0.0.1', '--secure-port', String(port)],
      ...['--cert-dir', at('certificates'), '--token-auth-file', at('tokens.csv'), '--authorization-mode', 'RBAC'],
      ...['--service-account-issuer', 'https://tests', '--service-account-key-file', at('sa.pub')],
      ...['--service-account-signing-key-file', at('sa.key'), '--service-cluster-ip-range', '10.0.0.0/24'],
      ...['--disable-admission-plugins', 'ServiceAccount', '--advertise-address', '127.0.0.1', '--endpoint-reconciler-type', 'none'],
    ],
    { stdio: 'ignore' },
  );
  const stop = async () => {
    await Promise.all([api, etcd].map(end));
    await rm(folder, { recursive: true, force: true });
  };
  const kubeconfig = kubeConfigFor(`https://127.0.0.1:${port}`);
  await waitUntilReady(`https://127.0.0.1:${port}`, [api, etcd]).catch(async (error: unknown) => {
    await stop();
    throw error;
  });
  return { kubeconfig, stop };
}

/** Access to a server, which need not be a real one. */
export function kubeConfigFor(server: string, timeoutMs = 10_000): KubeConfig {
  const kubeconfig = new BoundedKubeConfig(timeoutMs);
  kubeconfig.loadFromClusterAndUser({ name: 'tests', server, skipTLSVerify: true }, { name: 'admin', token: TOKEN });
  return kubeconfig;
}

/** The newest program of this name that this machine can run: bundles for other architectures leave theirs there too. */
function component(pattern: string): string {
  const files = globSync(join(COMPONENTS, pattern)).filter((file) => machineOf(file) === MACHINES[process.arch]);
  const [file] = files.sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs);
  if (file === undefined) throw new Error(`${pattern} is not in ${COMPONENTS}: run "npm run bundle" first`);
  return file;
}

/** Of an ELF file, at the byte where its header has it: https://refspecs.linuxfoundation.org/elf/gabi4+/ch4.eheader.html */
function machineOf(file: string): number {
  const header = Buffer.alloc(20);
  const handle = openSync(file, 'r');
  readSync(handle, header);
  closeSync(handle);
  return header.readUInt16LE(18);
}

async function waitUntilReady(server: string, processes: readonly ChildProcess[]): Promise<void> {
  const probe = kubeConfigFor(server);
  const deadline = performance.now() + START_MS;
  while (performance.now() < deadline) {
    if (processes.some(({ exitCode }) => exitCode !== null)) throw new Error('the API server or its etcd ended at once');
    if (await isReady(probe)) return;
    await delay(100);
  }
  throw new Error(`the API server was not ready after ${START_MS / 1000} s`);
}

async function isReady(kubeconfig: KubeConfig): Promise<boolean> {
  // Made by the API server after its start; whoever creates objects earlier may find it missing.
  return kubeconfig
    .makeApiClient(CoreV1Api)
    .readNamespace({ name: 'default' })
    .then(
      () => true,
      () => false,
    );
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const closed = once(child, 'close');
  child.kill('SIGKILL');
  await closed;
}
