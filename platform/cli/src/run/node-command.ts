import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

/** How to start Node.js again: a program, and the arguments that stand before a script. */
export interface NodeCommand {
  program: string;
  args: string[];
}

/**
 * Node.js as it was started for this process. On an appliance the loader of its own C library starts it, which `process.execPath` does not
 * tell.
 */
export function nodeCommand(): NodeCommand {
  const words = commandLine();
  const script = words.findIndex((word, index) => index > 0 && resolve(word) === process.argv[1]);
  const [program = process.execPath, ...args] = words.slice(0, Math.max(script, 0));
  return isLoader(program) ? { program, args } : { program: process.execPath, args: [] };
}

/** The processor: beside the sources of this file, or beside the one file that they were joined into. */
export function processorScript(): string {
  if (import.meta.url.endsWith('.ts')) return join(import.meta.dirname, '../../../processor/src/main.ts');
  return join(dirname(process.argv[1] ?? ''), 'processor.mjs');
}

function commandLine(): string[] {
  try {
    return readFileSync('/proc/self/cmdline', 'utf8').split('\0');
  } catch {
    return [];
  }
}

function isLoader(program: string): boolean {
  return /\/ld-[^/]*$/.test(program);
}
