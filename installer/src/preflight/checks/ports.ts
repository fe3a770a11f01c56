import type { Host } from '../../host/host.ts';
import { isAmpouleProcess, type Process } from '../../host/processes.ts';
import { listSockets, socketOwner } from '../../host/sockets.ts';
import { ports } from '../../paths.ts';
import { type Check, fail, type Outcome, pass } from '../model.ts';
import { hasAmpoule, OWN } from '../ours.ts';

/** A check for each port that the appliance listens on. */
export const portChecks: Check[] = Object.entries(ports).map(([name, port]) => portCheck(name, port, name === 'vxlan' ? 'udp' : 'tcp'));

/** Makes the check of one port. */
export function portCheck(name: string, port: number, protocol: 'tcp' | 'udp'): Check {
  const text = `${protocol.toUpperCase()} ${port}`;
  return {
    id: `ports.${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`,
    title: `Port ${text} is free`,
    run: ({ host }) => checkPort(host, protocol, port, text),
  };
}

async function checkPort(host: Host, protocol: 'tcp' | 'udp', port: number, text: string): Promise<Outcome> {
  const socket = (await listSockets(host, protocol)).find((candidate) => candidate.port === port);
  if (socket === undefined) return pass('free');
  const owner = await socketOwner(host, socket.inode);
  if ((await hasAmpoule(host)) && (owner === undefined || isAmpouleProcess(owner))) return pass(`${OWN}: ${describe(owner)}`);
  return fail(
    `${text} is taken by ${describe(owner)}`,
    owner === undefined
      ? 'Find its owner with ss -lnp, stop it, or use another host.'
      : `Stop ${owner.name} and disable its service, or use another host.`,
  );
}

function describe(owner: Process | undefined): string {
  return owner === undefined ? 'the kernel or a process that cannot be seen' : `${owner.name} (process ${owner.pid})`;
}
