import { stripVTControlCharacters } from 'node:util';
import { expect, it } from 'vitest';
import { certificateTable, planTable, preflightTable, statusTable } from './tables.ts';

const plain = (text: string) => stripVTControlCharacters(text).split('\n');

it('shows each check on a line, what to do below those that need it, and a count', () => {
  const check = { id: 'x', durationMs: 1 };
  const results = [
    { ...check, status: 'pass' as const, title: 'Memory', detail: '8 GiB', fix: 'never shown' },
    { ...check, status: 'warn' as const, title: 'Swap', detail: 'on', fix: 'Turn it off.' },
    { ...check, status: 'fail' as const, title: 'Default route', detail: 'none', fix: 'Add one.' },
  ];
  expect(plain(preflightTable(results))).toEqual([
    '  pass  Memory         8 GiB',
    '  warn  Swap           on',
    '        to do: Turn it off.',
    '  FAIL  Default route  none',
    '        to do: Add one.',
    '',
    '3 checks: 1 passed, 1 warnings, 1 failed',
  ]);
});

it('shows what needs something last, and breaks lines at the width of the terminal', () => {
  const check = { id: 'x', durationMs: 1 };
  const results = [
    {
      ...check,
      status: 'fail' as const,
      title: 'Default route',
      detail: 'none',
      fix: 'Add one, by which the hosts of this site are reached.',
    },
    { ...check, status: 'pass' as const, title: 'Memory', detail: '8 GiB, of which most is free at this moment' },
  ];
  expect(plain(preflightTable(results, 50)).slice(0, 5)).toEqual([
    '  pass  Memory         8 GiB, of which most is',
    '                       free at this moment',
    '  FAIL  Default route  none',
    '        to do: Add one, by which the hosts of this',
    '        site are reached.',
  ]);
});

it('shows the plan with files, bytes and seconds', () => {
  const steps = [
    { step: 'a', title: 'Host programs', writes: ['/opt/ampoule', '/usr/local/bin/ampoule'], bytes: 5e8, predictedSeconds: 3 },
  ];
  const nothing = { step: 'b', title: 'Everything ready', writes: [], bytes: 0, predictedSeconds: 1 };
  expect(plain(planTable({ steps: [...steps, nothing], bytes: 2e9, predictedSeconds: 4 }, 74))).toEqual([
    'Plan                               disk     time  files',
    '  Host programs                500.0 MB    3.0 s  /opt/ampoule',
    '                                                  /usr/local/bin/ampoule',
    '  Everything ready                         1.0 s',
    '  In all, with working space     2.0 GB    4.0 s',
  ]);
});

it('shows what is ill with every line of its reasons', () => {
  const components = [
    { component: 'kubelet', well: true, detail: 'active', reasons: [] },
    { component: 'a/gateway', well: false, detail: '0/1 ready', reasons: ['log of x:\nline'] },
  ];
  expect(plain(statusTable(components))).toEqual([
    '  well  kubelet    active',
    '  ILL   a/gateway  0/1 ready',
    '        log of x:',
    '        line',
  ]);
});

it('shows certificates with days, date, purpose and file, and says when there are none', () => {
  const entry = {
    name: 'Ampoule registry',
    purpose: 'registry towards its clients',
    daysLeft: 1824,
    status: 'ok' as const,
    notAfter: new Date('2031-05-01T00:00:00Z'),
    file: '/var/lib/ampoule/pki/registry.crt',
    ...{ subject: '', issuer: '', sans: [], notBefore: new Date(0), alsoIn: [] },
  };
  expect(plain(certificateTable([entry]))).toEqual([
    '    1824 days  2031-05-01  ok             Ampoule registry  registry towards its clients  /var/lib/ampoule/pki/registry.crt',
  ]);
  expect(plain(certificateTable([entry], 100))).toEqual([
    '    1824 days  2031-05-01  ok             Ampoule registry  registry towards its clients',
    `${' '.repeat(42)}/var/lib/ampoule/pki/registry.crt`,
  ]);
  expect(certificateTable([])).toMatch(/no certificate/);
});
