import type { Host } from './host.ts';
import { type Process, readProcess } from './processes.ts';

export interface Socket {
  port: number;
  inode: string;
}

const LISTEN = '0A';

/** TCP sockets that listen, and UDP sockets that are bound, of this network namespace. */
export async function listSockets(host: Host, protocol: 'tcp' | 'udp'): Promise<Socket[]> {
  const texts = await Promise.all([protocol, `${protocol}6`].map((name) => host.readText(`/proc/net/${name}`)));
  return texts.flatMap((text = '') =>
    text
      .split('\n')
      .slice(1)
      .flatMap((line) => parseLine(line, protocol)),
  );
}

/** The process that holds a socket; undefined when it cannot be seen, as with sockets of the kernel. */
export async function socketOwner(host: Host, inode: string): Promise<Process | undefined> {
  const pids = (await host.list('/proc')).filter((name) => /^\d+$/.test(name));
  const holders = await Promise.all(pids.map(async (pid) => ((await holds(host, pid, inode)) ? Number(pid) : undefined)));
  const pid = holders.find((found) => found !== undefined);
  return pid === undefined ? undefined : readProcess(host, pid, await host.readText('/proc/1/cgroup'));
}

async function holds(host: Host, pid: string, inode: string): Promise<boolean> {
  const folder = `/proc/${pid}/fd`;
  const descriptors = await host.list(folder).catch(() => []);
  for (const descriptor of descriptors) {
    if ((await host.readLink(`${folder}/${descriptor}`).catch(() => undefined)) === `socket:[${inode}]`) return true;
  }
  return false;
}

// https://www.kernel.org/doc/html/latest/networking/proc_net_tcp.html
function parseLine(line: string, protocol: 'tcp' | 'udp'): Socket[] {
  const [, local = '', , state, , , , , , inode = ''] = line.trim().split(/\s+/);
  const port = Number.parseInt(local.split(':')[1] ?? '', 16);
  if (Number.isNaN(port) || (protocol === 'tcp' && state !== LISTEN)) return [];
  return [{ port, inode }];
}
