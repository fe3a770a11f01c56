import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { tryExec } from '@ampoule/lib/exec';
import { onTestFinished } from 'vitest';
// Tests alone speak to a real dashboard; the program knows nothing of it but its API.
import { startDashboard, type TestDashboard } from '../../../dashboard/src/testing/dashboard.ts';

export type { TestDashboard };

const MAIN = join(import.meta.dirname, '../main.ts');

export interface CliOptions {
  env?: Record<string, string | undefined>;
  input?: string;
  cwd?: string;
}

/** Nothing that the developer of these tests has set up counts. */
const EMPTY = {
  AMPOULE_SERVER: undefined,
  AMPOULE_TOKEN: undefined,
  AMPOULE_TOKEN_FILE: undefined,
  AMPOULE_CA_FILE: undefined,
  AMPOULE_NAMESPACE: undefined,
  XDG_CONFIG_HOME: '/nonexistent',
  NO_COLOR: '1',
  FORCE_COLOR: undefined,
};

/** Runs the program to its end. */
export function runCli(args: readonly string[], { env = {}, ...options }: CliOptions = {}) {
  return tryExec(process.execPath, [MAIN, ...args], { ...options, env: { ...EMPTY, ...env } });
}

/** A dashboard until the test ends, and the program as somebody uses it who has its address and token. */
export async function startWithDashboard(templatesFolder?: string, more: Parameters<typeof startDashboard>[0] = {}) {
  const dashboard = await startDashboard({ ...more, ...(templatesFolder === undefined ? {} : { templatesFolder }) });
  onTestFinished(() => dashboard.stop());
  const env = { AMPOULE_SERVER: dashboard.origin, AMPOULE_TOKEN: 'right' };
  return { dashboard, env, cli: (...args: string[]) => runCli(args, { env }) };
}

/** Brings a function from `building` to where builder and controller would bring it, as soon as it is there. */
export function playPlatform({ stored, setState }: TestDashboard, name: string, state = 'ready', more: object = {}): void {
  const timer = setInterval(() => {
    const logs = [{ level: 'info', message: 'Image x was built in 5 ms', name: 'builder', time: 0 }];
    if (stateOf(stored(name)) === 'building') setState(name, 'waitingForResourceConfiguration', { logs });
    else if (stateOf(stored(name)) === 'waitingForResourceConfiguration') setState(name, state, { logs, ...more });
  }, 50);
  onTestFinished(() => clearInterval(timer));
}

function stateOf(object: unknown): unknown {
  return Object(Object(object).status).state;
}

/** A folder with files, until the test ends. */
export async function folderWith(files: Record<string, string> = {}): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'ampoule-cli-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), content);
  }
  return folder;
}

/** A program that goes on until the test ends it. */
export interface RunningCli {
  child: ChildProcess;
  output(): string;
  /** The first match of what it has written by then. */
  seen(pattern: RegExp, limitMs?: number): Promise<RegExpExecArray>;
  /** Sends a signal and gives the exit code. */
  end(signal: NodeJS.Signals): Promise<number | null>;
}

export function startCli(args: readonly string[], env: Record<string, string | undefined> = {}): RunningCli {
  const child = spawn(process.execPath, [MAIN, ...args], { env: { ...process.env, ...EMPTY, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  const end = async (signal: NodeJS.Signals) => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill(signal);
      await once(child, 'exit');
    }
    return child.exitCode;
  };
  onTestFinished(async () => {
    await end('SIGTERM');
  });
  return {
    child,
    output: () => output,
    end,
    seen: async (pattern, limitMs = 20_000) => {
      const deadline = Date.now() + limitMs;
      for (;;) {
        const match = pattern.exec(output);
        if (match !== null) return match;
        if (Date.now() > deadline || child.exitCode !== null) throw new Error(`${pattern} was not seen in:\n${output}`);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    },
  };
}
