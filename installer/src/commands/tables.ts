import { styleText } from 'node:util';
import { formatBytes } from '@ampoule/lib/print';
import type { CertificateEntry } from '../certs/types.ts';
import type { Plan } from '../install/plan.ts';
import type { CheckResult, Status } from '../preflight/index.ts';
import type { ComponentStatus } from '../status/model.ts';
import { terminalWidth, wrap } from './wrap.ts';

/** Characters: on a narrower terminal the terminal breaks the lines. */
const LEAST_WIDTH = 20;

/** Where the names of certificates begin. */
const FILE_INDENT = 42;

const marks: Record<Status, string> = {
  pass: styleText('green', 'pass'),
  warn: styleText('yellow', 'warn'),
  fail: styleText('red', 'FAIL'),
};

const order: Record<Status, number> = { pass: 0, warn: 1, fail: 2 };

/** Every check on a line, those that need something last, and a count. */
export function preflightTable(results: readonly CheckResult[], width = terminalWidth()): string {
  const count = (status: Status) => results.filter((result) => result.status === status).length;
  const summary = `${results.length} checks: ${count('pass')} passed, ${count('warn')} warnings, ${count('fail')} failed`;
  return [checkRows(results, width), '', summary].join('\n');
}

/** Checks with what was found, and what to do below those that need it. */
export function checkRows(results: readonly CheckResult[], width = terminalWidth()): string {
  const titles = Math.max(...results.map(({ title }) => title.length));
  const found = { indent: titles + 10, width };
  return results
    .toSorted((a, b) => order[a.status] - order[b.status])
    .flatMap(({ status, title, detail, fix }) => [
      `  ${marks[status]}  ${title.padEnd(titles)}  ${hanging(detail, found)}`,
      ...(fix === undefined || status === 'pass' ? [] : [`        ${dim(hanging(`to do: ${fix}`, { indent: 8, width }))}`]),
    ])
    .join('\n');
}

/** Every step with what it writes, its bytes and its predicted seconds. */
export function planTable({ steps, bytes, predictedSeconds }: Plan, width = terminalWidth()): string {
  const row = (title: string, size: string, seconds: string) => `  ${title.padEnd(28)}${size.padStart(9)}${seconds.padStart(9)}`;
  const predicted = (seconds: number) => `${seconds.toFixed(1)} s`;
  const rows = steps.map(({ title, bytes: size, predictedSeconds: seconds, writes }) =>
    `${row(title, size === 0 ? '' : formatBytes(size), predicted(seconds))}  ${hanging(writes.join(' '), { indent: 50, width })}`.trimEnd(),
  );
  return [
    `${'Plan'.padEnd(30)}${'disk'.padStart(9)}${'time'.padStart(9)}  files`,
    ...rows,
    row('In all, with working space', formatBytes(bytes), predicted(predictedSeconds)),
  ].join('\n');
}

/** A text whose further lines begin below its first one. */
function hanging(text: string, { indent, width }: { indent: number; width: number }): string {
  return wrap(text, Math.max(width - indent, LEAST_WIDTH)).join(`\n${' '.repeat(indent)}`);
}

function dim(text: string): string {
  return text
    .split('\n')
    .map((line) => styleText('dim', line))
    .join('\n');
}

/** Every part on a line, with the reasons below. */
export function statusTable(components: readonly ComponentStatus[]): string {
  const width = Math.max(...components.map(({ component }) => component.length));
  return components
    .flatMap(({ component, well, detail, reasons }) => [
      `  ${well ? styleText('green', 'well') : styleText('red', 'ILL ')}  ${component.padEnd(width)}  ${detail}`,
      ...reasons.map((reason) => `        ${reason.replaceAll('\n', '\n        ')}`),
    ])
    .join('\n');
}

/** The calendar, a certificate on each line; its file stands below it where the terminal is narrow. */
export function certificateTable(entries: readonly CertificateEntry[], width = terminalWidth()): string {
  if (entries.length === 0) return 'There is no certificate of an appliance on this host.';
  const names = Math.max(...entries.map(({ name }) => name.length));
  const row = ({ name, notAfter, daysLeft, status, purpose }: CertificateEntry) =>
    `  ${String(daysLeft).padStart(6)} days  ${notAfter.toISOString().slice(0, 10)}  ${status.padEnd(13)}  ${name.padEnd(names)}  ${purpose}`;
  const full = Math.max(...entries.map((entry) => row(entry).length + 2 + entry.file.length));
  return entries
    .map((entry) => `${row(entry)}${full > width ? `\n${' '.repeat(FILE_INDENT)}` : '  '}${styleText('dim', entry.file)}`)
    .join('\n');
}
