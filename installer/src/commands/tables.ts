import { styleText } from 'node:util';
import { formatBytes } from '@ampoule/lib/print';
import type { CertificateEntry } from '../certs/types.ts';
import type { Plan } from '../install/plan.ts';
import type { CheckResult, Status } from '../preflight/index.ts';
import type { ComponentStatus } from '../status/model.ts';

const marks: Record<Status, string> = {
  pass: styleText('green', 'pass'),
  warn: styleText('yellow', 'warn'),
  fail: styleText('red', 'FAIL'),
};

/** Every check on a line, what to do below those that need it, and a count. */
export function preflightTable(results: readonly CheckResult[]): string {
  const width = Math.max(...results.map(({ title }) => title.length));
  const rows = results.flatMap(({ status, title, detail, fix }) => [
    `  ${marks[status]}  ${title.padEnd(width)}  ${detail}`,
    ...(fix === undefined || status === 'pass' ? [] : [`        ${styleText('dim', `to do: ${fix}`)}`]),
  ]);
  const count = (status: Status) => results.filter((result) => result.status === status).length;
  return [...rows, '', `${results.length} checks: ${count('pass')} passed, ${count('warn')} warnings, ${count('fail')} failed`].join('\n');
}

/** Every step with what it writes, its bytes and its predicted seconds. */
export function planTable({ steps, bytes, predictedSeconds }: Plan): string {
  const rows = steps.map(
    ({ title, bytes: size, predictedSeconds: seconds, writes }) =>
      `  ${title.padEnd(28)} ${formatBytes(size).padStart(9)} ${seconds.toFixed(1).padStart(6)} s  ${writes.join(' ')}`,
  );
  return [
    'Plan:',
    ...rows,
    `  ${'In all, with working space'.padEnd(28)} ${formatBytes(bytes).padStart(9)} ${predictedSeconds.toFixed(1).padStart(6)} s`,
  ].join('\n');
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

/** The calendar, a certificate on each line. */
export function certificateTable(entries: readonly CertificateEntry[]): string {
  if (entries.length === 0) return 'There is no certificate of an appliance on this host.';
  const width = Math.max(...entries.map(({ name }) => name.length));
  return entries
    .map(
      ({ name, notAfter, daysLeft, status, purpose, file }) =>
        `  ${String(daysLeft).padStart(6)} days  ${notAfter.toISOString().slice(0, 10)}  ${status.padEnd(9)} ${name.padEnd(width)}  ${purpose}  ${styleText('dim', file)}`,
    )
    .join('\n');
}
