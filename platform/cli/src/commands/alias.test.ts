import { describe, expect, it, onTestFinished } from 'vitest';
import { startWithDashboard } from '../testing/cli.ts';

const GATEWAY = '/apis/nuclio.io/v1beta1/namespaces/nuclio/nuclioapigateways/f-live';

/** A function with three versions and an alias that leads to the first. */
async function withAlias() {
  const site = await startWithDashboard();
  const { api, create } = site.dashboard;
  await create('f', { runtime: 'nodejs', handler: 'main:handler', image: 'i:3' });
  for (const version of [1, 2, 3]) {
    api.put(`/apis/apps/v1/namespaces/nuclio/controllerrevisions/nuclio-f-${version}`, {
      metadata: { labels: { 'nuclio.io/function-name': 'f' }, creationTimestamp: '2026-01-01T00:00:00Z' },
      revision: version,
      data: { spec: { runtime: 'nodejs', image: `i:${version}` } },
    });
  }
  const set = await site.cli('fn', 'alias', 'set', 'f', 'live', '--host', 'f.example', '--to', '1');
  const alias = () => (api.objects.get(GATEWAY) as unknown as { spec: { alias: Record<string, unknown> } }).spec.alias;
  /** What the controller would make of it. */
  const become = (fields: object, rollout: object) =>
    api.put(GATEWAY, {
      spec: { ...(api.objects.get(GATEWAY)?.spec as object), alias: { function: 'f', version: 1, ...fields } },
      status: { rollout: { stableVersion: 1, ...rollout } },
    });
  const said = (message: string) => [{ type: 'Progressing', status: 'True', reason: 'R', lastTransitionTime: '', message }];
  return { ...site, set, alias, become, said };
}

describe('aliases', () => {
  it('are made, led to another version, listed and removed', async () => {
    const { cli, set, alias, become, said, dashboard } = await withAlias();
    expect(set).toMatchObject({ code: 0, stdout: 'Alias live of function f leads from f.example/ to version 1.\n' });
    expect(await cli('fn', 'alias', 'set', 'f', 'live', '--to', '2')).toMatchObject({ code: 0 });
    expect(alias()).toMatchObject({ version: 2, previousVersion: 1 });

    become({ canary: { version: 3 } }, { phase: 'Progressing', weight: 40, conditions: said('Version 3 gets 40% of the calls') });
    expect((await cli('fn', 'alias', 'list', 'f')).stdout).toBe(
      [
        'ALIAS  ADDRESS     VERSION  CANARY    PHASE        MESSAGE',
        'live   f.example/  1        3 at 40%  Progressing  Version 3 gets 40% of the calls',
        '',
      ].join('\n'),
    );
    expect(await cli('fn', 'alias', 'delete', 'f', 'live')).toMatchObject({ code: 0 });
    expect(dashboard.api.objects.get(GATEWAY)).toBeUndefined();
    expect((await cli('fn', 'alias', 'list', 'f')).stdout).toBe('Function f has no aliases.\n');
  });

  it('go back by one command', async () => {
    const { cli, alias } = await withAlias();
    await cli('fn', 'alias', 'set', 'f', 'live', '--to', '2');
    const back = await cli('fn', 'rollback', 'f', '--alias', 'live');
    expect(back).toMatchObject({ code: 0, stdout: 'Alias live of function f goes back to version 1.\n' });
    expect(alias()).toEqual({ function: 'f', version: 1 });
    expect(await cli('fn', 'rollback', 'f', '--alias', 'live', '--to', '3')).toMatchObject({ code: 0 });
    expect(alias()).toMatchObject({ version: 3 });
  });
});

describe('a canary', () => {
  it('begins with what its flags say', async () => {
    const { cli, alias } = await withAlias();
    const flags = [
      '--step-weight',
      '5',
      '--interval',
      '2m',
      '--max-error-rate',
      '0.5',
      '--min-requests',
      '50',
      '--progress-deadline',
      '1h',
    ];
    expect(await cli('fn', 'canary', 'f', 'live', ...flags)).toMatchObject({
      code: 0,
      stdout: 'Version 3 of function f begins to get calls of live.\n',
    });
    expect(alias()).toMatchObject({
      version: 1,
      canary: { version: 3, stepWeight: 5, interval: '2m', maxErrorRate: 0.5, minRequests: 50, progressDeadlineSeconds: 3600 },
    });
    expect(await cli('fn', 'promote', 'f', 'live')).toMatchObject({ code: 0, stdout: expect.stringContaining('leads to version 3') });
  });

  it('names all mistakes of its flags', async () => {
    const { cli } = await withAlias();
    const { code, stderr } = await cli('fn', 'canary', 'f', 'live', '--to', 'x', '--weight', 'y', '--max-error-rate', 'z');
    expect(code).toBe(1);
    for (const flag of ['--to', '--weight', '--max-error-rate']) expect(stderr).toContain(flag);
  });

  it.each([
    ['ends well where all calls go to it', { version: 2, previousVersion: 1 }, 'Succeeded', 0],
    ['fails where it went back, and says why', {}, 'RolledBack', 1],
  ])('that is waited for %s', async (_what, end, phase, code) => {
    const { cli, become, said, alias } = await withAlias();
    let looks = 0;
    const timer = setInterval(() => {
      if (alias().canary === undefined) return;
      if (looks++ < 5) become({ canary: { version: 2 } }, { phase: 'Progressing', weight: 20, conditions: said('at 20%') });
      else become(end, { phase, weight: 0, conditions: said('that is why') });
    }, 400);
    onTestFinished(() => clearInterval(timer));

    const ended = await cli('fn', 'canary', 'f', 'live', '--to', '2', '--wait');

    expect(ended).toMatchObject({ code, [code === 0 ? 'stdout' : 'stderr']: expect.stringContaining('that is why') });
    expect(ended.stdout).toContain('Canary of f: at 20%');
  });
});
