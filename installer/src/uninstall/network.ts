import { parseYaml } from '@ampoule/lib/yaml';
import { installConfigSchema } from '../config.ts';
import { networkOf, networkText, overlaps } from '../host/cidr.ts';
import { type Host, PROGRAM_ABSENT } from '../host/host.ts';
import { listInterfaces } from '../host/network.ts';
import { listRoutes } from '../host/routes.ts';
import { paths } from '../paths.ts';
import type { UndoContext } from './model.ts';

const tables = [
  'ip kube-proxy',
  'ip6 kube-proxy',
  'ip flannel-ipv4',
  'ip6 flannel-ipv6',
  'ip cni_hostport',
  'ip6 cni_hostport',
  'inet cni_plugins_masquerade',
];

/** Removes the rules of kube-proxy, flannel and the CNI plugins, with the appliance's own nft or else the host's. */
export async function removeNftTables({ host, owned, removed, problem }: NetworkContext): Promise<void> {
  if (!owned) return;
  const listed = await runCarried(host, 'nft', ['list', 'tables']);
  if (listed.code === PROGRAM_ABSENT) return;
  const present = listed.stdout.split('\n').map((line) => line.replace(/^table /, '').trim());
  for (const table of tables.filter((name) => present.includes(name))) {
    const { code, stderr } = await runCarried(host, 'nft', ['delete', 'table', ...table.split(' ')]);
    if (code === 0) removed('nft-table', table);
    else problem(`nft table ${table}: ${stderr.trim()}`);
  }
}

/** Removes routes to other hosts' pods; those by way of our interfaces go with them. */
export async function removeRoutes({ host, owned, removed, problem }: NetworkContext): Promise<void> {
  if (!owned) return;
  const pods = networkOf(await podNetwork(host));
  const routes = (await listRoutes(host)).filter(
    ({ network, gateway }) => network.bits >= pods.bits && overlaps(network, pods) && gateway !== '0.0.0.0',
  );
  for (const { network, gateway } of routes) {
    const text = networkText(network);
    const { code, stderr } = await runCarried(host, 'ip', ['route', 'delete', text, 'via', gateway]);
    if (code === 0) removed('route', text);
    else problem(`route to ${text}: ${stderr.trim()}`);
  }
}

/** Removes the interfaces of the pod network. */
export async function removeInterfaces({ host, owned, removed, problem }: NetworkContext): Promise<void> {
  if (!owned) return;
  const names = (await listInterfaces(host)).filter((name) => own.test(name));
  for (const name of names) {
    const { code, stderr } = await runCarried(host, 'ip', ['link', 'delete', name]);
    if (code === 0) removed('interface', name);
    // One end of a pair goes with the other.
    else if ((await listInterfaces(host)).includes(name)) problem(`interface ${name}: ${stderr.trim()}; it is gone after a reboot`);
  }
}

/** The bridge of the pods, the tunnels to other hosts, and pods' ends, which the bridge plugin names by eight digits. */
const own = /^(cni0|flannel\.\d+|veth[0-9a-f]{8})$/;

type NetworkContext = Pick<UndoContext, 'host' | 'owned' | 'removed' | 'problem'>;

async function runCarried(host: Host, program: string, args: readonly string[]) {
  const carried = await host.run(`${paths.bin}/${program}`, args);
  return carried.code === PROGRAM_ABSENT ? host.run(program, args) : carried;
}

async function podNetwork(host: Host): Promise<string> {
  const answers = (await host.readText(paths.answers)) ?? '{}';
  try {
    return parseYaml(installConfigSchema, answers, paths.answers).podCidr;
  } catch {
    // Answers that cannot be read must not keep the rest of the network.
    return installConfigSchema.parse({}).podCidr;
  }
}
