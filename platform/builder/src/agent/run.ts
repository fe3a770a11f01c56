import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';

interface RunOptions {
  cwd: string;
  env: NodeJS.ProcessEnv;
  /** Gets each line that it writes. */
  log: (line: string) => void;
}

/** What a program started in the background may hold its output open after its end. */
const LAST_OUTPUT_MS = 200;
/** A line is handed on at this length, however much is still to come of it. */
const LONG_LINE = 4096;

/** Runs a command to its end, with what it has started. Gives what went wrong; undefined where nothing did. */
export function runCommand([program = '', ...args]: readonly string[], { cwd, env, log }: RunOptions): Promise<string | undefined> {
  return new Promise((resolve) => {
    // In a group of its own, so that what it leaves in the background can be ended.
    const child = spawn(program, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    for (const stream of [child.stdout, child.stderr]) onLines(stream, log);
    child.on('error', (error) => resolve(`${program} cannot be run: ${error.message}`));
    child.on('exit', (code, signal) => {
      const failure =
        code === 0 ? undefined : `"${[program, ...args].join(' ')}" ended ${code === null ? `by ${signal}` : `with exit code ${code}`}`;
      const end = () => {
        endGroup(child);
        resolve(failure);
      };
      const timer = setTimeout(end, LAST_OUTPUT_MS);
      child.on('close', () => {
        clearTimeout(timer);
        end();
      });
    });
  });
}

function onLines(stream: Readable, log: (line: string) => void): void {
  let rest = '';
  stream.setEncoding('utf8').on('data', (text: string) => {
    const lines = `${rest}${text}`.split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > LONG_LINE) {
      lines.push(rest);
      rest = '';
    }
    for (const line of lines) log(line.replace(/\r$/, ''));
  });
  stream.on('end', () => {
    if (rest !== '') log(rest);
  });
}

function endGroup({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // Nothing of it is left.
  }
}
