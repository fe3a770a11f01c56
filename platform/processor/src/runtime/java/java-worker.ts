import { join } from 'node:path';
import { ProcessWorker } from '../../engine/process-worker.ts';
import type { Worker, WorkerListener } from '../../engine/worker.ts';
import type { WorkerOptions } from '../options.ts';
import { javaAttributesOf } from './attributes.ts';

/** Below the folder that the processor lies in, in an image; in the sources there is none. */
const WRAPPER = 'java/ampoule-java.jar';

/** What runtimeAttributes.jvmOptions may set otherwise, as it comes behind. */
const JVM_OPTIONS = [
  // No file in /tmp for each worker.
  '-XX:-UsePerfData',
  // A machine without memory is replaced like any worker that ends.
  '-XX:+ExitOnOutOfMemoryError',
  // What there is to say of a crash goes to the logs; the folder of a function may be read-only, and a core is as large as the memory.
  '-XX:+ErrorFileToStderr',
  '-XX:-CreateCoredumpOnCrash',
  '-Dfile.encoding=UTF-8',
  '-Dstdout.encoding=UTF-8',
  '-Dstderr.encoding=UTF-8',
];

/** One event at a time leaves little to collect in parallel, and workers are many. Java takes no second one. */
const COLLECTOR = '-XX:+UseSerialGC';
const ANY_COLLECTOR = /^-XX:\+Use\w+GC$/;

/** Makes a worker that runs a Java handler in a process. @throws AMP_INPUT_INVALID where the runtime attributes are wrong */
export function makeJavaWorker(options: WorkerOptions, listener: WorkerListener): Worker {
  const { folder, handler, workerId, triggers, functionName, runtimeAttributes } = options;
  const { JAVA_HOME, NUCLIO_WRAPPER_JAR } = process.env;
  const { jvmOptions } = javaAttributesOf(runtimeAttributes ?? {});
  const collector = jvmOptions.some((option) => ANY_COLLECTOR.test(option)) ? [] : [COLLECTOR];
  const jar = NUCLIO_WRAPPER_JAR || join(import.meta.dirname, '..', WRAPPER);
  return new ProcessWorker(
    {
      command: JAVA_HOME ? join(JAVA_HOME, 'bin/java') : 'java',
      args: [...collector, ...JVM_OPTIONS, ...jvmOptions, '-jar', jar],
      env: process.env,
      cwd: folder,
      start: { folder, handler, workerId, triggers, functionName },
    },
    listener,
  );
}
