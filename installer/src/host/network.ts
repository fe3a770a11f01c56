import type { Host } from './host.ts';
import type { InterfaceAddress } from './live.ts';
import { defaultRoute, listRoutes } from './routes.ts';

// Interfaces of container networks and of virtual machines never face the LAN.
const inner = /^(cni|flannel|veth|docker|br-|virbr|cali|cilium|lxc|tunl|kube-|nodelocaldns|ifb|dummy)/;

/** The names of all interfaces of this network namespace; /sys shows those of the namespace that it was mounted in. */
export async function listInterfaces(host: Host): Promise<string[]> {
  const lines = ((await host.readText('/proc/net/dev')) ?? '').split('\n');
  return lines.flatMap((line) => /^\s*([^\s:|]+):/.exec(line)?.[1] ?? []);
}

/** Interfaces that pod networking makes on a host. */
export function isClusterInterface(name: string): boolean {
  return name === 'cni0' || name.startsWith('flannel') || name.startsWith('veth');
}

/** The addresses by which other hosts may reach this one. */
export function outerAddresses(host: Host): InterfaceAddress[] {
  return host.live.addresses().filter((address) => !inner.test(address.interface) && !address.address.startsWith('169.254.'));
}

/** The address of the interface of the default route, else the only address that the host has; undefined when neither exists. */
export async function detectNodeAddress(host: Host): Promise<InterfaceAddress | undefined> {
  const addresses = outerAddresses(host);
  const route = defaultRoute(await listRoutes(host));
  const onRoute = host.live.addresses().find((address) => address.interface === route?.interface);
  return onRoute ?? (addresses.length === 1 ? addresses[0] : undefined);
}
