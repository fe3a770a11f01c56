import type { Row } from './row.ts';

const ALL = ['debug: Debug message', 'info: Info message', 'warn: Warn message', 'error: Error message'];

const row = (shows: string, logLevel: string | undefined, logs: readonly string[] | 'none'): Row => ({
  shows,
  sent: { path: '/log', ...(logLevel === undefined ? {} : { logLevel }) },
  expected: { status: 200, body: 'logged', logs },
  differs: { shell: 'none' },
});

/** Logs of an event for the one who sent it. */
export const logs: readonly Row[] = [
  row('all four messages from level debug on', 'debug', ALL),
  row('three from info on', 'info', ALL.slice(1)),
  row('two from warn on', 'warn', ALL.slice(2)),
  row('one from error on', 'error', ALL.slice(3)),
  row('them for a level in capitals', 'WARN', ALL.slice(2)),
  row('none for a level that there is not', 'loud', 'none'),
  row('none when nobody asks', undefined, 'none'),
  {
    shows: 'none where they are too long for a header',
    sent: { path: '/log-much', logLevel: 'debug' },
    expected: { status: 200, body: 'logged', logs: 'none' },
    differs: { shell: 'none' },
  },
  {
    shows: 'an empty list where there is none at or above the level',
    sent: { path: '/text', logLevel: 'debug' },
    expected: { status: 200, logs: [] },
    differs: { shell: 'none' },
  },
];
