import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

interface RunOptions {
  cwd: string;
  env: NodeJS.ProcessEnv;
  /** Gets each line that it writes. */
  log: (line: string) => void;
}

/** Runs a command to its end. Gives what went wrong; undefined where nothing did. */
export function runCommand([program = '', ...args]: readonly string[], { cwd, env, log }: RunOptions): Promise<string | undefined> {
  return new Promise((resolve) => {
    const child = spawn(program, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [child.stdout, child.stderr]) createInterface(stream).on('line', log);
    child.on('error', (error) => resolve(`${program} cannot be run: ${error.message}`));
    child.on('close', (code, signal) => {
      resolve(
        code === 0 ? undefined : `"${[program, ...args].join(' ')}" ended ${code === null ? `by ${signal}` : `with exit code ${code}`}`,
      );
    });
  });
}
