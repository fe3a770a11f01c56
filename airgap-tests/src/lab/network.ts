import { readdir } from 'node:fs/promises';
import { exec, tryExec } from '@ampoule/lib/exec';
import { labName, SWITCH } from './paths.ts';

const ADDRESS_PREFIX = '10.77';
const BRIDGE = 'br0';
const IP_MS = 10_000;

/** The third number of a run's addresses. Runs cannot reach each other, so equal numbers do no harm; different ones are easier to read. */
export function subnetOf(run: string): string {
  return `${ADDRESS_PREFIX}.${Number.parseInt(run.slice(0, 2), 16)}`;
}

/** The address of the switch: the hosts' default gateway, which leads nowhere. */
export function switchAddress(run: string): string {
  return `${subnetOf(run)}.1`;
}

/** Makes the switch: a namespace with a bridge, no uplink and no forwarding. */
export async function createSwitch(run: string): Promise<void> {
  const namespace = labName(run, SWITCH);
  await ip('netns', 'add', namespace);
  await bareNamespace(namespace);
  await ip('-n', namespace, 'link', 'add', BRIDGE, 'type', 'bridge');
  await ip('-n', namespace, 'address', 'add', `${switchAddress(run)}/24`, 'dev', BRIDGE);
  await ip('-n', namespace, 'link', 'set', BRIDGE, 'up');
}

/** Makes a host's namespace with one cable to the switch. `port` is a number that no other host of the run has. */
export async function attach(run: string, host: string, port: number, address: string): Promise<void> {
  const [namespace, toSwitch, cable] = [labName(run, host), labName(run, SWITCH), portName(port)];
  await ip('netns', 'add', namespace);
  await bareNamespace(namespace);
  await ip('-n', toSwitch, 'link', 'add', cable, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', namespace);
  await ip('-n', toSwitch, 'link', 'set', cable, 'master', BRIDGE, 'up');
  await ip('-n', namespace, 'address', 'add', `${address}/24`, 'dev', 'eth0');
  await ip('-n', namespace, 'link', 'set', 'eth0', 'up');
  await ip('-n', namespace, 'route', 'add', 'default', 'via', switchAddress(run));
}

/** Takes a host off the switch with its namespace and everything in that. */
export async function detach(run: string, host: string, port: number): Promise<void> {
  // The kernel clears a namespace away some time after its deletion; the cable has to go now, for the next boot.
  await tryExec('ip', ['-n', labName(run, SWITCH), 'link', 'delete', portName(port)], { timeoutMs: IP_MS });
  await removeNamespace(labName(run, host));
}

/** Removes a namespace and every interface in it; none is fine. */
export async function removeNamespace(namespace: string): Promise<void> {
  const there = async () => (await namespaces('')).includes(namespace);
  if (!(await there())) return;
  const { code } = await tryExec('ip', ['netns', 'delete', namespace], { timeoutMs: IP_MS });
  // It may be gone by someone else's hand in the meantime.
  if (code !== 0 && (await there())) await ip('netns', 'delete', namespace);
}

/** Network namespaces whose name has a prefix. */
export async function namespaces(prefix: string): Promise<string[]> {
  const names = await readdir('/run/netns').catch(() => []);
  return names.filter((name) => name.startsWith(prefix));
}

/** What of a switch could carry traffic out; empty for a sealed one. */
export async function uplinks(run: string): Promise<string[]> {
  const namespace = labName(run, SWITCH);
  const [links, routes, routes6, forwarding] = await Promise.all([
    ip('-n', namespace, '-oneline', 'link', 'show'),
    ip('-n', namespace, 'route', 'show', 'default'),
    ip('-n', namespace, '-6', 'route', 'show', 'default'),
    tryExec('ip', ['netns', 'exec', namespace, 'sysctl', '-n', 'net.ipv4.ip_forward'], { timeoutMs: IP_MS }),
  ]);
  const names = links
    .trim()
    .split('\n')
    .map((line) => /^\d+: ([^:@]+)/.exec(line)?.[1] ?? line);
  const strange = names.filter((name) => name !== 'lo' && name !== BRIDGE && !/^port\d+$/.test(name));
  const defaults = `${routes}${routes6}`
    .trim()
    .split('\n')
    .filter((line) => line !== '');
  return [...strange, ...defaults, ...(forwarding.stdout.trim() === '0' ? [] : ['net.ipv4.ip_forward is not 0'])];
}

// A new namespace takes over the machine's settings, which are not those of a bare host.
async function bareNamespace(namespace: string): Promise<void> {
  await ip('-n', namespace, 'link', 'set', 'lo', 'up');
  await exec('ip', ['netns', 'exec', namespace, 'sysctl', '-q', '-w', 'net.ipv4.ip_forward=0'], { timeoutMs: IP_MS });
}

function portName(port: number): string {
  return `port${port}`;
}

function ip(...args: string[]): Promise<string> {
  return exec('ip', args, { timeoutMs: IP_MS });
}
