import { formatBytes, type Printer } from '@ampoule/lib/print';
import ora, { type Ora } from 'ora';
import type { InstallEvent } from '../install/runner.ts';

/** How a command shows long work: a spinner with a bar on a terminal, lines elsewhere, JSON lines for a script. */
export interface WorkView {
  event(event: InstallEvent): void;
  /** Ends what is on the screen, so that an error can follow it. */
  stop(): void;
}

const BAR_WIDTH = 24;

/** The view that fits where the output goes. */
export function createWorkView(printer: Printer, { json }: { json: boolean }): WorkView {
  if (json) return { event: jsonLine, stop: () => undefined };
  return process.stdout.isTTY ? spinner() : lines(printer);
}

/** One event for a script. */
export function jsonLine(event: { event: string; [field: string]: unknown }): void {
  process.stdout.write(`${JSON.stringify(event)}\n`);
}

/** Shows on a terminal how far the check of the bundle is. */
export function verifyView(): { progress(done: number, total: number): void; stop(): void } {
  const line = process.stdout.isTTY ? ora({ text: 'Checking the bundle' }).start() : undefined;
  return {
    progress: (done, total) => {
      if (line !== undefined) line.text = `Checking the bundle ${progressText({ message: '', done, total })}`;
    },
    stop: () => line?.stop(),
  };
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
