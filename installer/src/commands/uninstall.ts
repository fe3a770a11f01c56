import { isInteractive, type Printer } from '@ampoule/lib/print';
import { createHost, type Host } from '../host/host.ts';
import { lockHost } from '../install/lock.ts';
import { uninstall } from '../install/uninstall.ts';
import type { Removal, UninstallProgress } from '../uninstall/model.ts';
import { startLine } from './show.ts';
import { terminalWidth, wrap } from './wrap.ts';

/** `ampoule uninstall`. */
export async function uninstallHost(printer: Printer, json: boolean, host: Host = createHost()): Promise<void> {
  await lockHost();
  const line = !json && isInteractive() ? startLine('Removing the appliance') : undefined;
  const onProgress = ({ title, index, total }: UninstallProgress) => {
    const text = `undoing ${index + 1} of ${total}: ${title}`;
    if (line === undefined) printer.line(`  ${text}`);
    else line.text = text;
  };
  const { removed, problems } = await uninstall({ host, onProgress }).finally(() => line?.stop());
  for (const { step, reason } of problems) printer.line(`  left: ${step}: ${reason}`);
  const outcome = problems.length === 0 ? 'nothing is left.' : 'mend what is left, then run "ampoule uninstall --yes" again.';
  printer.line(wrap(`Removed ${countText(removed)}; ${outcome}`, terminalWidth()).join('\n'));
  printer.result({ removed, problems });
  if (problems.length > 0) process.exitCode = 1;
}

/** How many things of each kind, in the order in which the first of each went. */
export function countText(removed: readonly Removal[]): string {
  if (removed.length === 0) return 'nothing';
  const byKind = Map.groupBy(removed, ({ kind }) => kind);
  return [...byKind].map(([kind, things]) => `${things.length} ${names[kind][things.length === 1 ? 0 : 1]}`).join(', ');
}

const names: Record<Removal['kind'], readonly [one: string, many: string]> = {
  service: ['service', 'services'],
  process: ['process', 'processes'],
  mount: ['mount', 'mounts'],
  interface: ['interface', 'interfaces'],
  route: ['route', 'routes'],
  'nft-table': ['packet filter table', 'packet filter tables'],
  cgroup: ['control group', 'control groups'],
  file: ['file or folder', 'files and folders'],
  setting: ['kernel setting', 'kernel settings'],
};
