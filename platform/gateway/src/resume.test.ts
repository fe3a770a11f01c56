import { mkdir, readFile, rm, rmdir, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Route } from './routes.ts';
import { BUILD_LIMIT_MS, startCaddy } from './testing/caddy.ts';

const EMPTY: Route = { path: '/', isExact: false, upstream: undefined };

describe('a Caddy that starts anew', () => {
  let caddy: Awaited<ReturnType<typeof startCaddy>>;

  beforeEach(async () => {
    caddy = await startCaddy();
    await caddy.setRoutes([EMPTY]);
  }, BUILD_LIMIT_MS);
  afterEach(() => caddy.stop());

  it.each([
    ['torn', (kept: string) => kept.slice(0, kept.length / 2)],
    ['empty', () => ''],
    ['nothing', () => 'null'],
    ['followed by something else', (kept: string) => `${kept}}`],
    ['about another admin API', () => '{"admin":{"listen":"127.0.0.1:0"}}'],
    ['about files that are gone', (kept: string) => kept.replace('tls.crt', 'gone.crt')],
    ['about handlers that it has not', (kept: string) => kept.replace('ampoule_health', 'gone')],
  ])('has its admin socket and waits for the gateway where the configuration that it kept is %s', async (_what, spoil) => {
    await writeFile(caddy.keptConfig, spoil(await readFile(caddy.keptConfig, 'utf8')));

    await caddy.restart();

    expect(await caddy.client.state()).toEqual({ config: '', routes: '' });
    await caddy.setRoutes([EMPTY]);
    expect((await caddy.call('https://h.example/')).status).toBe(503);
  });

  it('starts where a folder stands in the place of what it kept', async () => {
    await rm(caddy.keptConfig);
    await mkdir(`${caddy.keptConfig}/x`, { recursive: true });
    await caddy.restart();
    expect(await caddy.client.state()).toEqual({ config: '', routes: '' });
  });

  it('says which routes are in force only once it would find them again', async () => {
    const { routes: before } = await caddy.client.state();
    await mkdir(`${caddy.keptRoutes}.next`);
    const exact = { ...EMPTY, path: '/x', isExact: true };

    await expect(caddy.setRoutes([exact])).rejects.toThrow(/routes\.json\.next/);

    expect((await caddy.call('https://h.example/')).status).toBe(404);
    expect((await caddy.client.state()).routes).toBe('');
    await rmdir(`${caddy.keptRoutes}.next`);
    await caddy.setRoutes([exact]);
    const { routes } = await caddy.client.state();
    expect(['', before]).not.toContain(routes);
    await caddy.restart();
    expect((await caddy.client.state()).routes).toBe(routes);
  });
});
