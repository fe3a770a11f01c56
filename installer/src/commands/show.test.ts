import { stripVTControlCharacters } from 'node:util';
import type { Printer } from '@ampoule/lib/print';
import { afterEach, beforeEach, expect, it, onTestFinished, vi } from 'vitest';
import type { InstallEvent } from '../install/runner.ts';
import { createWorkView, prepareView } from './show.ts';

const events: InstallEvent[] = [
  { event: 'begin', step: 'a', title: 'Images' },
  { event: 'progress', step: 'a', title: 'Images', message: 'uploading', done: 5e6, total: 10e6 },
  { event: 'done', step: 'a', title: 'Images', seconds: 1.25 },
  { event: 'kept', step: 'b', title: 'Certificates', seconds: 0 },
];
const printer = (lines: string[]): Printer => ({ line: (line) => lines.push(line), result: () => undefined, error: () => undefined });

// What the tests run in is none of the terminals that they speak of.
beforeEach(() => {
  vi.stubEnv('TERM', 'xterm');
  vi.stubEnv('CI', undefined);
});
afterEach(() => vi.unstubAllEnvs());

/** Does the work as on a terminal or a pipe, and gives what it wrote there. */
function written(isTTY: boolean, work: () => void): string {
  const chunks: string[] = [];
  for (const stream of [process.stdout, process.stderr]) {
    const write = vi.spyOn(stream, 'write').mockImplementation((chunk) => chunks.push(String(chunk)) > 0);
    const before = stream.isTTY;
    stream.isTTY = isTTY;
    // What moves the cursor is there on terminals alone.
    if (isTTY) Object.assign(stream, { cursorTo: () => true, clearLine: () => true, moveCursor: () => true, columns: 120 });
    onTestFinished(() => {
      write.mockRestore();
      stream.isTTY = before;
    });
  }
  work();
  return chunks.join('');
}

it('writes a line of JSON for each event', () => {
  const text = written(true, () => {
    const view = createWorkView(printer([]), { json: true });
    for (const event of events) view.event(event);
    view.stop();
  });
  const lines = text.trimEnd().split('\n');
  expect(lines.map((line) => JSON.parse(line))).toEqual(events);
});

it('writes a line for each step that has ended where there is no terminal', () => {
  const lines: string[] = [];
  const text = written(false, () => {
    const view = createWorkView(printer(lines), { json: false });
    for (const event of events) view.event(event);
    view.stop();
    prepareView(false).verify(1, 2);
    prepareView(false).preflight();
  });
  expect(lines).toEqual(['  Images                      done in 1.3 s', '  Certificates                already done']);
  expect(text).toBe('');
});

it.each([
  ['a terminal that knows no cursor', 'TERM', 'dumb'],
  ['the terminal of a CI', 'CI', 'true'],
])('writes a line for each step that has ended on %s', (_, name, value) => {
  vi.stubEnv(name, value);
  const lines: string[] = [];
  const text = written(true, () => {
    const view = createWorkView(printer(lines), { json: false });
    for (const event of events) view.event(event);
    view.stop();
    prepareView(false).preflight();
  });
  expect(lines).toHaveLength(2);
  expect(text).toBe('');
});

it('keeps on one line of a terminal what a step is waiting for', () => {
  const text = written(true, () => {
    const view = createWorkView(printer([]), { json: false });
    view.event({ event: 'begin', step: 'a', title: 'Everything ready' });
    view.event({ event: 'progress', step: 'a', title: 'Everything ready', message: `waiting for ${'workload, '.repeat(20)}` });
    view.stop();
  });
  const [line = ''] = /Everything ready +waiting[^\n]*…/.exec(stripVTControlCharacters(text)) ?? [];
  expect(line).toHaveLength(117);
});

it('tells on a terminal of each step, also of one that was cut short', () => {
  const text = written(true, () => {
    const view = createWorkView(printer([]), { json: false });
    for (const event of events) view.event(event);
    view.event({ event: 'begin', step: 'c', title: 'Kubernetes' });
    view.stop();
  });
  expect(text).toMatch(/Images\s+1\.3 s[\s\S]*Certificates\s+already done[\s\S]*Kubernetes/);
});
