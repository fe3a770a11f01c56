import { appendFile, mkdir } from 'node:fs/promises';
import { formatBytes, type Printer } from '@ampoule/lib/print';
import ora, { type Ora } from 'ora';
import type { InstallEvent } from '../install/runner.ts';
import { paths } from '../paths.ts';
import { redact } from '../support/redact.ts';

/** How a command shows long work: a spinner with a bar on a terminal, lines elsewhere, JSON lines for a script. */
export interface WorkView {
  event(event: InstallEvent): void;
  /** Ends what is on the screen, so that an error can follow it. */
  stop(): void;
}

const BAR_WIDTH = 24;

/** The view that fits where the output goes. Every event also goes to a log file once the install has begun. */
export function createWorkView(printer: Printer, { json }: { json: boolean }): WorkView {
  const show = json ? jsonLines() : process.stdout.isTTY ? spinner() : lines(printer);
  return {
    event: (event) => {
      show.event(event);
      if (event.event !== 'progress') void log(event);
    },
    stop: show.stop,
  };
}

function jsonLines(): WorkView {
  return { event: (event) => process.stdout.write(`${JSON.stringify(event)}\n`), stop: () => undefined };
}

function lines(printer: Printer): WorkView {
  return {
    event: (event) => {
      if (event.event === 'done') printer.line(`  ${event.title.padEnd(28)} done in ${event.seconds.toFixed(1)} s`);
      if (event.event === 'kept') printer.line(`  ${event.title.padEnd(28)} already done`);
    },
    stop: () => undefined,
  };
}

function spinner(): WorkView {
  let current: Ora | undefined;
  return {
    event: (event) => {
      const title = event.title.padEnd(28);
      if (event.event === 'begin') current = ora({ text: title }).start();
      if (event.event === 'progress' && current !== undefined) current.text = `${title} ${progressText(event)}`;
      if (event.event === 'done') current?.succeed(`${title} ${event.seconds.toFixed(1)} s`);
      if (event.event === 'kept') current?.info(`${title} already done`);
    },
    stop: () => current?.isSpinning && current.fail(),
  };
}

function progressText({ message, done, total }: { message: string; done?: number; total?: number }): string {
  if (done === undefined || total === undefined || total === 0) return message;
  const filled = Math.min(BAR_WIDTH, Math.round((done / total) * BAR_WIDTH));
  return `${'█'.repeat(filled)}${'░'.repeat(BAR_WIDTH - filled)} ${formatBytes(done)} of ${formatBytes(total)}`;
}

async function log(event: InstallEvent): Promise<void> {
  const line = `${new Date().toISOString()} ${redact(JSON.stringify(event))}\n`;
  // A log that cannot be written, on a full disk for example, must not end the install; the journal is the record.
  await mkdir(paths.logs, { recursive: true }).catch(() => undefined);
  await appendFile(`${paths.logs}/install.log`, line).catch(() => undefined);
}
