import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { vi } from 'vitest';
import { javaWrapper } from '../testing/run-java.ts';
import { type RunningProcessor, runProcessor } from '../testing/run-processor.ts';

/** Languages whose handlers have the same contract. */
export type Family = 'javascript' | 'python' | 'shell' | 'java';

export interface Language {
  name: string;
  family: Family;
  runtime: string;
  /** In folder handlers; it does what the tables ask of a handler. */
  file: string;
  /** The function in it, or the class. */
  entry: string;
}

export const languages: readonly Language[] = [
  { name: 'JavaScript (CommonJS, callback)', family: 'javascript', runtime: 'nodejs', file: 'outputter.cjs', entry: 'handler' },
  { name: 'JavaScript (ES module, async)', family: 'javascript', runtime: 'nodejs', file: 'outputter.mjs', entry: 'handler' },
  { name: 'TypeScript', family: 'javascript', runtime: 'nodejs', file: 'outputter.ts', entry: 'handler' },
  { name: 'Python', family: 'python', runtime: 'python:3.11', file: 'outputter.py', entry: 'handler' },
  { name: 'Python (async)', family: 'python', runtime: 'python:3.11', file: 'outputter.py', entry: 'async_handler' },
  { name: 'Java', family: 'java', runtime: 'java', file: 'Outputter.java', entry: 'Outputter' },
  { name: 'shell', family: 'shell', runtime: 'shell', file: 'outputter.sh', entry: 'main' },
];

/** Runs the handler of a language. `end` ends it, which is for the tests of a whole table. */
export async function runLanguage(
  { runtime, file, entry }: Language,
  spec: Record<string, unknown>,
): Promise<RunningProcessor & { end(): Promise<void> }> {
  const code = await readFile(join(import.meta.dirname, 'handlers', file), 'utf8');
  let end = () => Promise.resolve();
  if (runtime === 'java') vi.stubEnv('NUCLIO_WRAPPER_JAR', await javaWrapper());
  try {
    const running = await runProcessor(code, { runtime, handler: `${file}:${entry}`, ...spec }, file, (clean) => {
      end = clean;
    });
    return { ...running, end };
  } catch (error) {
    await end();
    throw error;
  }
}
