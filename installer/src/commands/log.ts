import { appendFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { errorJson } from '@ampoule/lib/print';
import type { Host } from '../host/host.ts';
import type { InstallEvent } from '../install/runner.ts';
import { knownSecrets } from '../support/known-secrets.ts';
import { redact } from '../support/redact.ts';

/** The log of installs, for people and for support: a line of JSON after its time, without secrets. */
export interface InstallLog {
  event(event: InstallEvent): void;
  failed(error: unknown): void;
  /** Resolves when everything so far is in the file. */
  written(): Promise<void>;
}

/** Opens the log in a folder, which is made with the first line: before the install nothing is changed. */
export function createInstallLog(folder: string, host: Pick<Host, 'readText'>): InstallLog {
  let last = Promise.resolve();
  const append = (record: object) => {
    const at = new Date().toISOString();
    // A log that cannot be written, on a full disk for example, must not end the install; the journal is the record.
    last = last.then(() => write(folder, host, `${at} ${JSON.stringify(record)}`)).catch(() => undefined);
  };
  return {
    event: (event) => {
      if (event.event !== 'progress') append(event);
    },
    failed: (error) => append({ event: 'failed', error: errorJson(error) }),
    written: () => last,
  };
}

async function write(folder: string, host: Pick<Host, 'readText'>, line: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await appendFile(join(folder, 'install.log'), `${redact(line, await knownSecrets(host))}\n`);
}
