import { formatBytes, isInteractive, type Printer } from '@ampoule/lib/print';
import ora, { type Ora } from 'ora';
import type { PrepareProgress } from '../install/install.ts';
import { terminalWidth } from './wrap.ts';

/** What long work tells of itself. */
export type WorkEvent = { step: string; title: string } & (
  | { event: 'begin' }
  | { event: 'progress'; message: string; done?: number; total?: number }
  | { event: 'done' | 'kept'; seconds: number }
);

/** How a command shows long work: a spinner with a bar on a terminal, lines elsewhere, JSON lines for a script. */
export interface WorkView {
  event(event: WorkEvent): void;
  /** Ends what is on the screen, so that an error can follow it. */
  stop(): void;
}

const BAR_WIDTH = 24;
const TITLE_WIDTH = 28;
const SPINNER_WIDTH = 3;

/** The view that fits where the output goes. */
export function createWorkView(printer: Printer, { json }: { json: boolean }): WorkView {
  if (json) return { event: jsonLine, stop: () => undefined };
  return isInteractive() ? spinner() : lines(printer);
}

/** One event for a script. */
export function jsonLine(event: { event: string; [field: string]: unknown }): void {
  process.stdout.write(`${JSON.stringify(event)}\n`);
}

/** Shows on a terminal how far the check of the bundle is, and that of the host; nothing elsewhere. */
export function prepareView(json: boolean): Required<PrepareProgress> & { stop(): void } {
  let line: Ora | undefined;
  const show = (text: string) => {
    if (json || !isInteractive()) return;
    line ??= startLine(text);
    line.text = text;
  };
  return {
    verify: (done, total) => show(`${'Checking the bundle'.padEnd(TITLE_WIDTH)}${progressText({ message: '', done, total })}`),
    preflight: () => show('Checking this host'),
    stop: () => line?.stop(),
  };
}

function lines(printer: Printer): WorkView {
  return {
    event: (event) => {
      if (event.event === 'done') printer.line(`  ${event.title.padEnd(TITLE_WIDTH)}done in ${event.seconds.toFixed(1)} s`);
      if (event.event === 'kept') printer.line(`  ${event.title.padEnd(TITLE_WIDTH)}already done`);
    },
    stop: () => undefined,
  };
}

function spinner(): WorkView {
  let current: Ora | undefined;
  return {
    event: (event) => {
      const title = event.title.padEnd(TITLE_WIDTH);
      if (event.event === 'begin') current = startLine(title);
      if (event.event === 'progress' && current !== undefined) current.text = fit(`${title}${progressText(event)}`);
      if (event.event === 'done') current?.succeed(`${title}${`${event.seconds.toFixed(1)} s`.padStart(7)}`);
      if (event.event === 'kept') current?.info(`${title}already done`);
    },
    stop: () => current?.isSpinning && current.fail(),
  };
}

/** A line that broke would jump up and down. */
function fit(text: string): string {
  const room = terminalWidth() - SPINNER_WIDTH;
  return text.length <= room ? text : `${text.slice(0, room - 1)}…`;
}

/** A spinner; the caller ends it. */
export function startLine(text: string): Ora {
  return ora({ text, stream: process.stdout, isEnabled: true }).start();
}

function progressText({ message, done, total }: { message: string; done?: number; total?: number }): string {
  if (done === undefined || total === undefined || total === 0) return message;
  const filled = Math.min(BAR_WIDTH, Math.floor((done / total) * BAR_WIDTH));
  return `${'█'.repeat(filled)}${'░'.repeat(BAR_WIDTH - filled)} ${formatBytes(done)} of ${formatBytes(total)}`;
}
