import { setTimeout as delay } from 'node:timers/promises';
import type { Host } from '../host/host.ts';
import type { UndoContext } from './model.ts';

const ROOT = '/sys/fs/cgroup';
const names = ['kubepods', 'kubepods.slice', 'k8s.io'];
const ATTEMPTS = 20;
const PAUSE_MS = 100;

/** Removes the control groups of pods in every hierarchy. */
export async function removeCgroups({ host, owned, removed, problem }: UndoContext): Promise<void> {
  if (!owned) return;
  if (await host.exists(`${ROOT}/kubepods.slice`)) await host.run('systemctl', ['stop', 'kubepods.slice'], { timeoutMs: 30_000 });
  const hierarchies = [ROOT, ...(await folders(host, ROOT))];
  for (const group of hierarchies.flatMap((hierarchy) => names.map((name) => `${hierarchy}/${name}`))) {
    if (!(await host.exists(group))) continue;
    if (await removeGroup(host, group)) removed('cgroup', group);
    else problem(`control group ${group} is still in use`);
  }
}

// The kernel lets a group go some moments after its last process has ended.
async function removeGroup(host: Host, group: string): Promise<boolean> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    await removeTree(host, group);
    if (!(await host.exists(group))) return true;
    await delay(PAUSE_MS);
  }
  return false;
}

async function removeTree(host: Host, group: string): Promise<void> {
  for (const child of await folders(host, group)) await removeTree(host, child);
  await host.removeDirectory(group);
}

async function folders(host: Host, path: string): Promise<string[]> {
  const children = (await host.list(path)).map((name) => `${path}/${name}`);
  const kinds = await Promise.all(children.map((child) => host.stat(child)));
  return children.filter((_, index) => kinds[index]?.type === 'directory');
}
