import { type Host, PROGRAM_ABSENT } from '../../host/host.ts';
import { listHostProcesses } from '../../host/processes.ts';
import { ports } from '../../paths.ts';
import { type Check, type Outcome, pass, warn } from '../model.ts';

const opened = [ports.apiServer, ports.kubelet, ports.registry, ports.ingressHttp, ports.ingressHttps].join(', ');
const needs = `Let TCP ${opened} and UDP ${ports.vxlan} in, and let the pod and service networks through`;

/** Firewalls that drop what the cluster sends. */
export const firewallChecks: Check[] = [
  {
    id: 'firewall.firewalld',
    title: 'firewalld',
    async run({ host }) {
      const running = (await listHostProcesses(host)).some(({ command }) =>
        command.slice(0, 3).some((word) => word.endsWith('/firewalld')),
      );
      if (!running) return pass('not running');
      return warn(
        'running; it rejects what pods send',
        `${needs}: firewall-cmd --permanent --zone=trusted --add-source=CIDR for both, or run systemctl disable --now firewalld.`,
      );
    },
  },
  {
    id: 'firewall.ufw',
    title: 'ufw',
    async run({ host }) {
      const enabled = /^ENABLED=yes/im.test((await host.readText('/etc/ufw/ufw.conf')) ?? '');
      if (!enabled) return pass('not enabled');
      return warn(
        'enabled; it drops forwarded packets',
        `${needs}: ufw allow from CIDR for both, set DEFAULT_FORWARD_POLICY="ACCEPT", or run ufw disable.`,
      );
    },
  },
  {
    id: 'firewall.default-drop',
    title: 'Rules that drop by default',
    async run({ host }) {
      const found = (await nftPolicies(host)) ?? (await iptablesPolicies(host));
      if (found === undefined) return pass('none to be seen; neither nft nor iptables is on this host');
      if (found.length === 0) return pass('none');
      return warn(`dropped by default: ${found.join(', ')}`, `${needs}, or change these policies to accept.`);
    },
  },
  {
    id: 'firewall.flush',
    title: 'No service that flushes rules',
    async run({ host }): Promise<Outcome> {
      const text = (await host.readText('/etc/nftables.conf')) ?? (await host.readText('/etc/sysconfig/nftables.conf')) ?? '';
      const enabled = await host.exists('/etc/systemd/system/sysinit.target.wants/nftables.service');
      if (!enabled || !/^\s*flush ruleset/m.test(text)) return pass('none');
      return warn(
        'nftables.service begins with flush ruleset: each reload of it removes the rules of Services',
        'Replace flush ruleset in /etc/nftables.conf by a flush of your own tables.',
      );
    },
  },
];

async function nftPolicies(host: Host): Promise<string[] | undefined> {
  const { code, stdout } = await host.run('nft', ['list', 'chains']);
  if (code === PROGRAM_ABSENT) return undefined;
  const found: string[] = [];
  let table = '';
  for (const line of stdout.split('\n')) {
    table = line.match(/^table (.+) \{/)?.[1] ?? table;
    const hook = line.match(/hook (input|forward|output) .*policy drop/)?.[1];
    if (hook !== undefined) found.push(`${hook} in table ${table}`);
  }
  return found;
}

async function iptablesPolicies(host: Host): Promise<string[] | undefined> {
  const { code, stdout } = await host.run('iptables', ['-w', '2', '-S']);
  if (code === PROGRAM_ABSENT) return undefined;
  return [...stdout.matchAll(/^-P (INPUT|FORWARD|OUTPUT) (?:DROP|REJECT)/gm)].map((match) => `${match[1]} of iptables`);
}
