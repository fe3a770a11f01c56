import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { beforeAll, onTestFinished, vi } from 'vitest';
import { builtProgram } from '../../../../bundle/src/testing/built-program.ts';
import type { ProcessWorker } from '../engine/process-worker.ts';
import type { WorkerListener } from '../engine/worker.ts';
import { makeJavaWorker } from '../runtime/java/java-worker.ts';
import type { WorkerOptions } from '../runtime/options.ts';
import { WorkerRun } from './worker-run.ts';

export type JavaRun = WorkerRun<ProcessWorker>;

const make = (options: WorkerOptions, listener: WorkerListener) => makeJavaWorker(options, listener) as ProcessWorker;

const BUILD_LIMIT_MS = 120_000;

// Not within the time of a test: the first build takes long where other tests keep the machine busy.
beforeAll(async () => {
  await javaWrapper();
}, BUILD_LIMIT_MS);

/** The jar of these sources, as it is in images. */
export function javaWrapper(): Promise<string> {
  return builtProgram('java-wrapper');
}

/** A handler of which the test gives what handleEvent does, and other members. */
export function handlerOf(code: string, members = ''): string {
  return `
import io.nuclio.*;
import java.util.*;

public class Handler implements EventHandler {
    ${members}
    @Override
    public Response handleEvent(Context context, Event event) {
        String body = new String(event.getBody(), java.nio.charset.StandardCharsets.UTF_8);
        ${code}
    }
}
`;
}

/** Makes workers use the jar of these sources until the test ends. */
export async function useJavaWrapper(): Promise<void> {
  vi.stubEnv('NUCLIO_WRAPPER_JAR', await javaWrapper());
  onTestFinished(() => {
    vi.unstubAllEnvs();
  });
}

/** Makes a worker from Handler.java or other files, not started, that ends with the test. */
export async function makeJava(files: string | Record<string, string | Buffer>, options: Partial<WorkerOptions> = {}): Promise<JavaRun> {
  await useJavaWrapper();
  const folder = await mkdtemp(join(tmpdir(), 'java-'));
  const all = typeof files === 'string' ? { 'Handler.java': files } : files;
  for (const [name, content] of Object.entries(all)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), content);
  }
  const run = new WorkerRun(make, folder, options);
  onTestFinished(async () => {
    await run.worker.kill();
    await rm(folder, { recursive: true });
  });
  return run;
}

export async function runJava(files: string | Record<string, string | Buffer>, options: Partial<WorkerOptions> = {}): Promise<JavaRun> {
  const run = await makeJava(files, options);
  await run.worker.start();
  return run;
}
