import { setTimeout as delay } from 'node:timers/promises';
import type { Host } from '../host/host.ts';
import { isBelow } from '../host/mounts.ts';
import { ancestry, isAmpouleShim, isPodProcess, listHostProcesses, listProcesses, type Process, readProcess } from '../host/processes.ts';
import { paths } from '../paths.ts';
import type { UndoContext } from './model.ts';

const GRACE_MS = 3_000;
const KILL_MS = 10_000;
const POLL_MS = 50;

/** Ends every container: the shims of our containerd, all that descends from them, and what is in a pod's control group. */
export async function endPods(context: UndoContext): Promise<void> {
  const [all, own] = await Promise.all([listProcesses(context.host), listHostProcesses(context.host)]);
  const shims = own.filter(({ command }) => isAmpouleShim(command));
  const inside = descendants(all, shims);
  const lost = context.owned ? all.filter((process) => isPodProcess(process) && !inside.includes(process)) : [];
  const contained = [...inside, ...lost];
  await end(context.host, contained, 'SIGTERM', GRACE_MS);
  await kill(context, [...contained, ...shims]);
}

/** Ends what runs of one program of ours. */
export async function endProgram(context: UndoContext, program: string): Promise<void> {
  const own = await listHostProcesses(context.host);
  await kill(
    context,
    own.filter(({ command }) => command[0] === `${paths.bin}/${program}`),
  );
}

/** Ends all programs of ours that still run, but not this one nor those that started it. */
export async function endPrograms(context: UndoContext): Promise<void> {
  const own = await listHostProcesses(context.host);
  const spared = ancestry(own, context.host.live.pid);
  await kill(
    context,
    own.filter(({ pid, program = '' }) => isBelow(program.replace(/ \(deleted\)$/, ''), paths.programs) && !spared.has(pid)),
  );
}

async function kill({ host, removed, problem }: UndoContext, processes: readonly Process[]): Promise<void> {
  const left = await end(host, processes, 'SIGKILL', KILL_MS);
  for (const process of processes) {
    if (left.includes(process)) problem(`process ${process.pid} (${process.name}) does not end`);
    else removed('process', process.name);
  }
}

/** Sends a signal to each and gives those that are still there when the time is over. */
async function end(host: Host, processes: readonly Process[], signal: NodeJS.Signals, timeMs: number): Promise<Process[]> {
  for (const { pid } of processes) host.live.signal(pid, signal);
  const deadline = performance.now() + timeMs;
  let left = await alive(host, processes);
  while (left.length > 0 && performance.now() < deadline) {
    await delay(POLL_MS);
    left = await alive(host, left);
  }
  return left;
}

async function alive(host: Host, processes: readonly Process[]): Promise<Process[]> {
  const found = await Promise.all(
    processes.map(async ({ pid }) => host.live.signal(pid, 0) && (await readProcess(host, pid))?.zombie === false),
  );
  return processes.filter((_, index) => found[index]);
}

function descendants(all: readonly Process[], roots: readonly Process[]): Process[] {
  const children = all.filter(({ parent }) => roots.some(({ pid }) => pid === parent));
  return children.length === 0 ? [] : [...children, ...descendants(all, children)];
}
