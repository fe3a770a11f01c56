import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { libError } from './lib-errors.ts';

export interface ExecOptions {
  cwd?: string;
  env?: Record<string, string | undefined>;
  /** Milliseconds until the program is killed; default ten minutes. */
  timeoutMs?: number;
  /** Text for the program's standard input. */
  input?: string;
  /** Called with each piece of output as it comes. */
  onOutput?: (text: string) => void;
}

export interface ExecResult {
  /** Exit code; 128 and the signal's number after a signal, as in a shell. */
  code: number;
  stdout: string;
  stderr: string;
}

const LAST_LINES = 15;

/** Runs a program to its end and gives its exit code and output. @throws AMP_COMMAND_TIMEOUT, AMP_COMMAND_FAILED when it cannot start */
export function tryExec(program: string, args: readonly string[], options: ExecOptions = {}): Promise<ExecResult> {
  const { cwd, env, timeoutMs = 600_000, input, onOutput } = options;
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd, env: { ...process.env, ...env }, stdio: ['pipe', 'pipe', 'pipe'] });
    const out: string[] = [];
    const err: string[] = [];
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      // What the program itself started may still hold these open, and would keep this process from ending.
      child.stdout.destroy();
      child.stderr.destroy();
      reject(
        libError('AMP_COMMAND_TIMEOUT', {
          what: `${program} ${args[0] ?? ''} did not end within ${timeoutMs / 1000} s`,
          why: lastLines(err.join('') || out.join('')),
          fix: 'Look at its output, then run the command again.',
        }),
      );
    }, timeoutMs);
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out.push(text);
      onOutput?.(text);
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      err.push(text);
      onOutput?.(text);
    });
    child.on('error', (cause) => {
      clearTimeout(timer);
      reject(
        libError('AMP_COMMAND_FAILED', {
          what: `${program} cannot be started`,
          why: cause.message,
          fix: `Check that ${program} is there.`,
          cause,
        }),
      );
    });
    child.on('close', (exitCode, signal) => {
      clearTimeout(timer);
      const code = exitCode ?? 128 + (signal === null ? 0 : constants.signals[signal]);
      resolve({ code, stdout: out.join(''), stderr: err.join('') });
    });
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
  });
}

/** Runs a program that must succeed and gives its standard output. @throws AMP_COMMAND_FAILED, AMP_COMMAND_TIMEOUT */
export async function exec(program: string, args: readonly string[], options: ExecOptions = {}): Promise<string> {
  const { code, stdout, stderr } = await tryExec(program, args, options);
  if (code === 0) return stdout;
  throw libError('AMP_COMMAND_FAILED', {
    what: `${program} ${args[0] ?? ''} ended with code ${code}`,
    why: lastLines(stderr || stdout),
    fix: 'Mend what its output names, then run the command again.',
  });
}

function lastLines(text: string): string {
  return text.trim().split('\n').slice(-LAST_LINES).join('\n');
}
