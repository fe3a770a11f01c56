import { createWriteStream } from 'node:fs';
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { finished } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { messageOf } from '@ampoule/lib/errors';
import { pack } from 'tar-stream';
import { hostError } from '../host/errors.ts';
import { createHost, type Host } from '../host/host.ts';
import type { CheckResult } from '../preflight/index.ts';
import { collectors } from './collectors.ts';
import { listLogFiles, readEnd } from './folders.ts';
import { knownSecrets } from './known-secrets.ts';
import { redact } from './redact.ts';

export interface SupportOptions {
  host?: Host;
  /** Results to put in, from `runPreflight`. */
  preflight?: readonly CheckResult[];
  /** Other texts to put in, by their file in the archive. */
  extra?: Record<string, string>;
}

export interface SupportBundle {
  file: string;
  bytes: number;
  /** Number of files in the archive. */
  entries: number;
}

const MOST_BYTES = 100 * 2 ** 20;
const TIME_MS = 120_000;
const CONCURRENT = 4;

/**
 * Writes logs and states of the host and the cluster into a .tar.gz that may leave the site: every text is redacted.
 * What cannot be had, as with the cluster down, is listed in errors.txt.
 * @throws AMP_SUPPORT_FILE
 */
export async function createSupportBundle(outputFile: string, options: SupportOptions = {}): Promise<SupportBundle> {
  // Under its own name the file is there only when it is whole.
  const part = `${outputFile}.part`;
  try {
    await mkdir(dirname(outputFile), { recursive: true });
    const entries = await writeArchive(part, options);
    await rename(part, outputFile);
    return { file: outputFile, bytes: (await stat(outputFile)).size, entries };
  } catch (cause) {
    await rm(part, { force: true }).catch(() => undefined);
    throw hostError('AMP_SUPPORT_FILE', {
      what: `${outputFile} cannot be written`,
      why: messageOf(cause),
      fix: 'Name a file on a disk that has room.',
      cause,
    });
  }
}

async function writeArchive(outputFile: string, { host = createHost(), preflight, extra = {} }: SupportOptions): Promise<number> {
  const archive = pack();
  const output = createWriteStream(outputFile, { mode: 0o600 });
  const written = finished(archive.pipe(createGzip()).pipe(output));
  // Awaited at the end; until then its failure must not count as unhandled.
  written.catch(() => undefined);
  const deadline = performance.now() + TIME_MS;
  const secrets = await knownSecrets(host);
  const errors: string[] = [];
  let entries = 0;
  let bytes = 0;
  const add = (file: string, text: string) => {
    const content = Buffer.from(redact(text, secrets));
    if (performance.now() > deadline) errors.push(`${file}: left out, the time is over`);
    else if (bytes + content.length > MOST_BYTES) errors.push(`${file}: left out, the archive would be too large`);
    else {
      archive.entry({ name: file, mode: 0o600, mtime: host.live.now() }, content);
      entries += 1;
      bytes += content.length;
    }
  };
  if (preflight !== undefined) add('preflight.json', JSON.stringify(preflight, undefined, 2));
  for (const [file, text] of Object.entries(extra)) add(file, text);
  await runCollectors(host, deadline, add, (file, reason) => errors.push(`${file}: ${reason}`));
  for await (const log of listLogFiles(host)) {
    const file = `files${log.path}`;
    await readEnd(host, log).then(
      (text) => add(file, text),
      (error: unknown) => errors.push(`${file}: ${messageOf(error)}`),
    );
  }
  archive.entry({ name: 'errors.txt', mode: 0o600, mtime: host.live.now() }, redact(errors.map((line) => `${line}\n`).join(''), secrets));
  archive.finalize();
  await written;
  return entries + 1;
}

async function runCollectors(
  host: Host,
  deadline: number,
  add: (file: string, text: string) => void,
  failed: (file: string, reason: string) => void,
): Promise<void> {
  const waiting = collectors.values();
  const worker = async () => {
    for (const { file, collect } of waiting) {
      if (performance.now() > deadline) failed(file, 'left out, the time is over');
      else
        await collect(host).then(
          (text) => add(file, text),
          (error: unknown) => failed(file, messageOf(error)),
        );
    }
  };
  await Promise.all(Array.from({ length: CONCURRENT }, worker));
}
