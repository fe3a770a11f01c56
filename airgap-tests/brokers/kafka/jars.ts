import { createHash, randomUUID } from 'node:crypto';
import { access, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { mapConcurrently } from '@ampoule/lib/concurrent';
import { parseJson } from '@ampoule/lib/parse';
import * as z from 'zod';

const MAVEN_CENTRAL = 'https://repo.maven.apache.org/maven2';
const DOWNLOAD_TIMEOUT_MS = 120_000;
const DOWNLOADS_AT_ONCE = 8;
const ATTEMPTS = 3;
const KEY_LENGTH = 16;

const lockSchema = z.object({
  version: z.string(),
  jars: z.array(z.object({ path: z.string(), sha256: z.string().regex(/^[0-9a-f]{64}$/) })).min(1),
});

/** The folder of Kafka's jars, as kafka.lock.json pins them; downloaded where it is not there. */
export async function kafkaJars(): Promise<string> {
  const text = await readFile(join(import.meta.dirname, 'kafka.lock.json'), 'utf8');
  const { version, jars } = parseJson(lockSchema, text, 'kafka.lock.json');
  const cache = resolve(import.meta.dirname, '../../../.cache/brokers');
  const folder = join(cache, `kafka-${version}-${sha256(Buffer.from(text)).slice(0, KEY_LENGTH)}`);
  if (await exists(folder)) return folder;
  const unfinished = join(cache, `.downloading-${randomUUID()}`);
  await mkdir(unfinished, { recursive: true });
  try {
    await mapConcurrently(jars, DOWNLOADS_AT_ONCE, async (jar) => writeFile(join(unfinished, basename(jar.path)), await download(jar)));
    await rename(unfinished, folder);
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true });
    // Another test file may have been faster.
    if (!(await exists(folder))) throw error;
  }
  return folder;
}

async function download({ path, sha256: expected }: { path: string; sha256: string }): Promise<Buffer> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const response = await fetch(`${MAVEN_CENTRAL}/${path}`, { signal: AbortSignal.timeout(DOWNLOAD_TIMEOUT_MS) });
      if (!response.ok) throw new Error(`${path}: status ${response.status}`);
      const bytes = Buffer.from(await response.arrayBuffer());
      if (sha256(bytes) !== expected) throw new Error(`${path} is not the file of kafka.lock.json`);
      return bytes;
    } catch (error) {
      if (attempt === ATTEMPTS) throw error;
    }
  }
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
