import { contains, networkOf } from '../../host/cidr.ts';
import { detectNodeAddress, outerAddresses } from '../../host/network.ts';
import { defaultRoute, listRoutes } from '../../host/routes.ts';
import { type Check, fail, pass, warn } from '../model.ts';

// VXLAN takes 50 bytes of a packet, and IPv6 asks for 1280.
const LEAST_MTU = 1330;

/** Interfaces, addresses and routes. */
export const networkChecks: Check[] = [
  {
    id: 'network.default-route',
    title: 'Default route',
    async run({ host }) {
      const route = defaultRoute(await listRoutes(host));
      if (route !== undefined) return pass(`${route.gateway === '0.0.0.0' ? '' : `via ${route.gateway} `}on ${route.interface}`);
      return fail(
        'none, and without one the kernel drops packets to Services',
        'Add one that leads nowhere if need be: ip route add default via GATEWAY dev INTERFACE.',
      );
    },
  },
  {
    id: 'network.address',
    title: 'Address on an interface',
    run({ host }) {
      const found = outerAddresses(host);
      if (found.length > 0) return pass(found.map(({ interface: name, cidr }) => `${cidr} on ${name}`).join(', '));
      return fail('no interface has an IPv4 address', 'Give an interface a fixed address.');
    },
  },
  {
    id: 'network.node-address',
    title: 'Node address is of this host',
    run({ host, config }) {
      const found = host.live.addresses().find(({ address }) => address === config.nodeAddress);
      if (found !== undefined) return pass(`${config.nodeAddress} on ${found.interface}`);
      return fail(`${config.nodeAddress} is on no interface`, 'Correct nodeAddress in the answers, or bring its interface up.');
    },
  },
  {
    id: 'network.node-address-choice',
    title: 'Node address is on the default route',
    async run({ host, config }) {
      const detected = await detectNodeAddress(host);
      if (detected === undefined || detected.address === config.nodeAddress) return pass(config.nodeAddress);
      return warn(
        `${config.nodeAddress}, while the default route leaves from ${detected.address}`,
        'Nothing, if other hosts reach this one by that address.',
      );
    },
  },
  {
    id: 'network.node-address-kind',
    title: 'Node address can be reached',
    run({ config }) {
      const unfit = ['127.0.0.0/8', '169.254.0.0/16', '224.0.0.0/4', '0.0.0.0/8'].find((cidr) =>
        contains(networkOf(cidr), config.nodeAddress),
      );
      if (unfit === undefined) return pass(config.nodeAddress);
      return fail(`${config.nodeAddress} lies in ${unfit}, which no other host reaches`, 'Set nodeAddress to an address of the LAN.');
    },
  },
  {
    id: 'network.loopback',
    title: 'Loopback interface',
    async run({ host }) {
      // The loopback has no carrier to speak of: the kernel says unknown when it is up, and down when not.
      const state = (await host.readText('/sys/class/net/lo/operstate'))?.trim();
      if (state === undefined) return warn('not told by the kernel', 'Mount /sys.');
      return state === 'down' ? fail('down', 'Run ip link set lo up.') : pass('up');
    },
  },
  {
    id: 'network.mtu',
    title: 'Size of packets',
    async run({ host, config }) {
      const name = host.live.addresses().find(({ address }) => address === config.nodeAddress)?.interface;
      const mtu = Number(await host.readText(`/sys/class/net/${name}/mtu`));
      if (Number.isNaN(mtu)) return warn('not known, the node address is on no interface', 'See the check of the node address.');
      if (mtu >= LEAST_MTU) return pass(`${mtu} bytes on ${name}`);
      return warn(`${mtu} bytes on ${name}, of which 50 go to VXLAN`, `Set it to ${LEAST_MTU} or more.`);
    },
  },
  {
    id: 'network.rp-filter',
    title: 'Reverse path filter',
    async run({ host }) {
      const strict = (await host.readText('/proc/sys/net/ipv4/conf/all/rp_filter'))?.trim() === '1';
      const interfaces = new Set(outerAddresses(host).map((address) => address.interface));
      if (!strict) return pass('not strict');
      if (interfaces.size < 2) return pass('strict, and there is one way only');
      return warn(
        `strict, with ${interfaces.size} interfaces: answers that leave by another one are dropped`,
        'Set net.ipv4.conf.all.rp_filter=2.',
      );
    },
  },
];
