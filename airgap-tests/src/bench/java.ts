import { mkdir } from 'node:fs/promises';
import { builtProgram } from '@ampoule/bundle/testing/built-program';
import { exec } from '@ampoule/lib/exec';

/** Compiles a function in Java, as those do who mind its start; gives what the environment of its processor needs. */
export async function javaFunction(source: string, folder: string): Promise<Record<string, string>> {
  const jar = await builtProgram('java-wrapper');
  await mkdir(folder, { recursive: true });
  await exec('javac', ['--release', '17', '-cp', jar, '-d', folder, source]);
  return { NUCLIO_HANDLER_DIR: folder, NUCLIO_WRAPPER_JAR: jar };
}
