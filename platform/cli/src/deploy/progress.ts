import { isInteractive, type Printer } from '@ampoule/lib/print';
import ora from 'ora';
import { recordText } from '../log-line.ts';
import { plain } from '../table.ts';
import type { Progress } from './wait.ts';

const SPINNER_WIDTH = 3;

/** Shows how a deploy goes on: a spinner on a terminal, lines elsewhere, nothing for a script. */
export function showProgress(printer: Printer, title: string, isJson: boolean): Progress & { stop(): void } {
  if (isJson || !isInteractive()) {
    return {
      state: (text) => printer.line(`${title}: ${plain(text)}`),
      log: (record) => printer.line(`  ${recordText(record)}`),
      stop: () => undefined,
    };
  }
  const spinner = ora({ text: title, stream: process.stdout, isEnabled: true }).start();
  return {
    state: (text) => {
      const whole = `${title}: ${plain(text)}`;
      const room = process.stdout.columns - SPINNER_WIDTH;
      spinner.text = whole.length <= room ? whole : `${whole.slice(0, room - 1)}…`;
    },
    log: (record) => {
      spinner.clear();
      printer.line(`  ${recordText(record)}`);
    },
    stop: () => spinner.stop(),
  };
}
