import { readHostname } from '../../host/resolve-config.ts';
import { type Check, fail, pass, warn } from '../model.ts';

// A node's name becomes part of longer names, which may have 63 characters.
const LONGEST = 54;
const proxyVariables = ['http_proxy', 'https_proxy', 'all_proxy'];
const proxyFiles = ['/etc/environment', '/etc/systemd/system.conf', '/etc/profile.d/proxy.sh', '/etc/sysconfig/proxy'];

/** Names: the host's own, and how others are resolved. */
export const nameChecks: Check[] = [
  {
    id: 'hostname.valid',
    title: 'Host name',
    async run({ host }) {
      const name = await readHostname(host);
      if (name === '' || /^localhost(\.|$)/.test(name) || name === '(none)')
        return fail(name || 'empty', 'Name the host: hostnamectl set-hostname NAME.');
      if (!/^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/.test(name)) {
        return fail(`${name} is not a valid name`, 'Use small letters, digits, - and . only: hostnamectl set-hostname NAME.');
      }
      return pass(name);
    },
  },
  {
    id: 'hostname.length',
    title: 'Length of the host name',
    async run({ host }) {
      const { length } = await readHostname(host);
      return length <= LONGEST
        ? pass(`${length} characters`)
        : fail(`${length} characters, and ${LONGEST} are the most`, 'Shorten it: hostnamectl set-hostname NAME.');
    },
  },
  {
    id: 'hostname.resolves',
    title: 'Host name has an address',
    async run({ host, config }) {
      const name = await readHostname(host);
      const lines = ((await host.readText('/etc/hosts')) ?? '')
        .split('\n')
        .map((line) => line.replace(/#.*/, '').toLowerCase().trim().split(/\s+/));
      const line = lines.find(([, ...names]) => names.includes(name));
      if (line !== undefined) return pass(`${line[0]} by /etc/hosts`);
      const services = (await host.readText('/etc/nsswitch.conf'))?.match(/^hosts:(.*)$/m)?.[1] ?? '';
      if (/\b(myhostname|resolve)\b/.test(services)) return pass('by nss-myhostname');
      return warn(
        'by nothing on this host; each look-up of it waits in vain for a server',
        `Add to /etc/hosts: ${config.nodeAddress} ${name}`,
      );
    },
  },
  {
    id: 'resolver.upstream',
    title: 'Resolvers',
    async run({ host }) {
      const text = (await host.readText('/etc/resolv.conf')) ?? '';
      const servers = [...text.matchAll(/^\s*nameserver\s+(\S+)/gm)].map((match) => match[1] ?? '');
      if (servers.length === 0) return pass('none, which is fine in an air gap');
      const local = servers.filter((server) => /^127\.|^::1$/.test(server));
      if (local.length === 0) return pass(servers.join(', '));
      return warn(
        `${local.join(', ')} is this host itself: a loop if CoreDNS asked it`,
        'Nothing: CoreDNS gets no upstream resolver. Remove the entry if nothing on the host answers there.',
      );
    },
  },
  {
    id: 'resolver.hosts-file',
    title: 'localhost is named in /etc/hosts',
    async run({ host }) {
      if (/^\s*127\.0\.0\.1\s.*\blocalhost\b/m.test((await host.readText('/etc/hosts')) ?? '')) return pass('127.0.0.1');
      if (/\bmyhostname\b/.test((await host.readText('/etc/nsswitch.conf')) ?? '')) return pass('by nss-myhostname');
      return warn('it is not', 'Add to /etc/hosts: 127.0.0.1 localhost');
    },
  },
  {
    id: 'network.proxy',
    title: 'No proxy in between',
    async run({ host }) {
      const set = Object.keys(host.live.environment).filter(
        (name) => proxyVariables.includes(name.toLowerCase()) && host.live.environment[name],
      );
      const pattern = new RegExp(`^[^#\n]*(${proxyVariables.join('|')})\\s*=\\s*\\S`, 'im');
      const texts = await Promise.all(proxyFiles.map((file) => host.readText(file)));
      const places = [...set, ...proxyFiles.filter((_, index) => pattern.test(texts[index] ?? ''))];
      if (places.length === 0) return pass('none is set');
      return warn(
        `set by ${places.join(', ')}`,
        'Unset it, or add the node address, the pod and the service network to no_proxy: nothing in the appliance may go through a proxy.',
      );
    },
  },
];
