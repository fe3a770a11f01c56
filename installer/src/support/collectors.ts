import type { Host } from '../host/host.ts';
import { hostBeforePath } from '../host/host-before.ts';
import { paths, units } from '../paths.ts';

/** One thing that a support bundle holds. */
export interface Collector {
  /** Its file in the archive. */
  file: string;
  collect(host: Host): Promise<string>;
}

const kubectl = `${paths.bin}/kubectl`;
const ctr = `${paths.bin}/ctr`;
// Never Secrets, nor whole ConfigMaps: they are the users' own.
const resources = [
  'nodes',
  'pods',
  'events',
  'services',
  'deployments,statefulsets,daemonsets,jobs',
  'persistentvolumes,persistentvolumeclaims,storageclasses',
  'nucliofunctions',
];
const texts = [
  '/proc/meminfo',
  '/proc/loadavg',
  '/proc/cpuinfo',
  '/proc/cmdline',
  '/proc/version',
  '/proc/uptime',
  '/proc/swaps',
  '/proc/modules',
  '/proc/self/mountinfo',
  '/proc/net/route',
  '/proc/net/fib_trie',
  '/proc/net/dev',
  '/proc/net/tcp',
  '/proc/net/udp',
  '/proc/cgroups',
  '/proc/pressure/cpu',
  '/proc/pressure/memory',
  '/proc/pressure/io',
  '/etc/os-release',
  '/etc/hosts',
  '/etc/resolv.conf',
  paths.sysctl,
  paths.journal,
  paths.images,
  hostBeforePath,
  `${paths.cniConfig}/10-ampoule.conflist`,
  ...units.map((unit) => `${paths.units}/${unit}`),
];

/** Everything that is one file or one command; folders of logs are collected apart. */
export const collectors: readonly Collector[] = [
  ...texts.map((path) => ({ file: `files${path}`, collect: (host: Host) => file(host, path) })),
  ...units.flatMap((unit) => [
    command(`services/${unit}.log`, 'journalctl', ['--unit', unit, '--no-pager', '--lines', '5000', '--output', 'short-iso-precise']),
    command(`services/${unit}.status`, 'systemctl', ['status', unit, '--no-pager', '--full', '--lines', '0'], [0, 3]),
  ]),
  command('system/kernel.log', 'journalctl', ['--dmesg', '--no-pager', '--lines', '2000']),
  command('system/failed-units.txt', 'systemctl', ['list-units', '--failed', '--no-pager', '--plain']),
  command('system/processes.txt', 'ps', ['-eo', 'pid,ppid,user,stat,etime,rss,pcpu,comm', '--sort', '-rss']),
  command('system/disks.txt', 'df', ['--portability', '--print-type']),
  command('system/inodes.txt', 'df', ['--inodes', '--portability']),
  command('network/addresses.txt', 'ip', ['address']),
  command('network/routes.txt', 'ip', ['route', 'show', 'table', 'all']),
  command('network/nft-tables.txt', `${paths.bin}/nft`, ['list', 'ruleset']),
  command('containers/containers.txt', ctr, ['--address', paths.containerdSocket, '--namespace', 'k8s.io', 'containers', 'list']),
  command('containers/tasks.txt', ctr, ['--address', paths.containerdSocket, '--namespace', 'k8s.io', 'tasks', 'list']),
  command('containers/images.txt', ctr, ['--address', paths.containerdSocket, '--namespace', 'k8s.io', 'images', 'list']),
  ...resources.map((resource) =>
    cluster(`cluster/${resource.split(',')[0]}.yaml`, ['get', resource, '--all-namespaces', '--output', 'yaml']),
  ),
  cluster('cluster/overview.txt', ['get', 'nodes,pods,services', '--all-namespaces', '--output', 'wide']),
  cluster('cluster/events.txt', ['get', 'events', '--all-namespaces', '--sort-by', '.lastTimestamp']),
  cluster('cluster/versions.yaml', ['version', '--output', 'yaml']),
];

function cluster(path: string, args: readonly string[]): Collector {
  return command(path, kubectl, [
    '--kubeconfig',
    paths.adminKubeconfig,
    '--cache-dir',
    `${paths.data}/kubectl`,
    '--request-timeout',
    '5s',
    ...args,
  ]);
}

function command(path: string, program: string, args: readonly string[], codes: readonly number[] = [0]): Collector {
  return {
    file: path,
    async collect(host) {
      const { code, stdout, stderr } = await host.run(program, args, { timeoutMs: 15_000 });
      if (codes.includes(code)) return stdout;
      throw new Error(`${program} ended with code ${code}: ${(stderr || stdout).trim().slice(0, 500)}`);
    },
  };
}

async function file(host: Host, path: string): Promise<string> {
  const text = await host.readText(path);
  if (text === undefined) throw new Error('not there');
  return text;
}
