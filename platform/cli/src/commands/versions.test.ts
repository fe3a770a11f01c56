import { describe, expect, it } from 'vitest';
import { startWithDashboard } from '../testing/cli.ts';

const spec = (image: string) => ({ runtime: 'nodejs', handler: 'main:handler', image });

/** A function that was deployed twice. */
async function withVersions() {
  const site = await startWithDashboard();
  const { api, create, setState } = site.dashboard;
  await create('f', spec('two'));
  setState('f', 'ready', { externalInvocationUrls: ['nuclio.example/fn/f'] });
  const stored = site.dashboard.stored('f') as unknown as { spec: object };
  for (const [version, image] of ['one', 'two'].entries()) {
    api.put(`/apis/apps/v1/namespaces/nuclio/controllerrevisions/nuclio-f-${version + 1}`, {
      metadata: { labels: { 'nuclio.io/function-name': 'f' }, creationTimestamp: '2026-01-01T00:00:00Z' },
      revision: version + 1,
      data: { spec: { ...stored.spec, image } },
    });
  }
  return site;
}

describe('versions', () => {
  it('are a table, the newest first', async () => {
    const { cli } = await withVersions();
    expect((await cli('fn', 'versions', 'f')).stdout).toBe(
      [
        'VERSION  DEPLOYED              IMAGE  NOW',
        '2        2026-01-01T00:00:00Z  two    yes',
        '1        2026-01-01T00:00:00Z  one    -',
        '',
      ].join('\n'),
    );
    expect(JSON.parse((await cli('--json', 'fn', 'versions', 'f')).stdout)).toMatchObject([
      { version: 2, isCurrent: true },
      { version: 1, isCurrent: false },
    ]);
  });

  it('are gone back to by one command, which waits until the function serves', async () => {
    const { cli, dashboard } = await withVersions();
    const running = cli('fn', 'rollback', 'f');
    const timer = setInterval(() => {
      const { state } = (dashboard.stored('f') as unknown as { status: { state: string } }).status;
      if (state === 'waitingForResourceConfiguration')
        dashboard.setState('f', 'ready', { externalInvocationUrls: ['nuclio.example/fn/f'] });
    }, 50);
    const { code, stdout } = await running.finally(() => clearInterval(timer));
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringContaining('Function f is ready after') });
    expect(dashboard.stored('f')).toMatchObject({ spec: { image: 'one' } });
  });

  it('are not gone to where there is none before', async () => {
    const { cli, dashboard } = await withVersions();
    const back = await cli('fn', 'rollback', 'f', '--to', '1', '--no-wait');
    expect(back).toMatchObject({ code: 0, stdout: 'Function f goes back to version 1.\n' });
    dashboard.setState('f', 'ready');
    expect(await cli('fn', 'rollback', 'f')).toMatchObject({ code: 1, stderr: expect.stringContaining('no version before') });
  });

  it.each([
    ['x', '--to is not valid'],
    ['7', 'these are kept: 2, 1'],
  ])('are not gone to by the number %s', async (number, text) => {
    const { cli } = await withVersions();
    expect(await cli('fn', 'rollback', 'f', '--to', number)).toMatchObject({ code: 1, stderr: expect.stringContaining(text) });
  });
});
