import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startDashboard, type TestDashboard } from '../testing/dashboard.ts';

const PODS = '/api/v1/namespaces/nuclio/pods';

describe('replicas', () => {
  let dashboard: TestDashboard;

  beforeEach(async () => {
    dashboard = await startDashboard();
    await dashboard.create('f');
    for (const [pod, owner] of [
      ['f-1', 'f'],
      ['f-2', 'f'],
      ['g-1', 'g'],
    ]) {
      const containers = [{ name: 'nuclio' }, { name: 'sidecar' }];
      dashboard.api.put(`${PODS}/${pod}`, { metadata: { labels: { 'nuclio.io/function-name': owner } }, spec: { containers } });
    }
    dashboard.api.log(`${PODS}/f-1`, 'one\ntwo\nthree\n');
  });
  afterEach(() => dashboard.stop());

  function logs(query: string, replica = 'f-1') {
    return fetch(`${dashboard.origin}/api/functions/f/logs/${replica}?${query}`, { headers: { authorization: 'Bearer right' } });
  }

  it('are the pods of a function', async () => {
    expect(await dashboard.call('GET', '/api/functions/f/replicas')).toMatchObject({ status: 200, body: { names: ['f-1', 'f-2'] } });
    expect(await dashboard.call('GET', '/api/functions/none/replicas')).toMatchObject({ status: 404 });
  });

  it('have a warm pod among them, and its log, while one stands in', async () => {
    const warm = '/api/v1/namespaces/ampoule-warm/pods/w-1';
    dashboard.api.put(warm, { metadata: { labels: { 'ampoule.internal/bound-to': 'f' } }, spec: { containers: [{ name: 'nuclio' }] } });
    dashboard.api.log(warm, 'from a warm pod\n');

    expect(await dashboard.call('GET', '/api/functions/f/replicas')).toMatchObject({ body: { names: ['f-1', 'f-2', 'w-1'] } });
    expect(await (await logs('follow=false', 'w-1')).text()).toBe('from a warm pod\n');
  });

  it('give their log as text', async () => {
    const response = await logs('follow=false');
    expect([response.status, response.headers.get('content-type'), await response.text()]).toEqual([
      200,
      'text/plain',
      'one\ntwo\nthree\n',
    ]);
  });

  it('give the last lines of it alone, and ask Kubernetes for the time that the caller names', async () => {
    const asked: string[] = [];
    dashboard.api.intercept = ({ url = '' }) => {
      if (url.includes('/log?')) asked.push(url);
      return false;
    };
    expect(await (await logs('follow=false&tailLines=1&since=2m&containerName=sidecar')).text()).toBe('three\n');
    expect(new URL(asked[0] ?? '', 'http://x').searchParams.toString()).toBe('container=sidecar&follow=false&sinceSeconds=120&tailLines=1');
  });

  it('go on to give their log as it is written, until the caller goes', async () => {
    const stop = new AbortController();
    const url = `${dashboard.origin}/api/functions/f/logs/f-1`;
    const response = await fetch(url, { headers: { authorization: 'Bearer right' }, signal: stop.signal });
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    expect((await reader?.read())?.value).toBe('one\ntwo\nthree\n');
    dashboard.api.log(`${PODS}/f-1`, 'four\n');
    expect((await reader?.read())?.value).toBe('four\n');
    expect(dashboard.api.followers).toBe(1);
    stop.abort();
    await expect.poll(() => dashboard.api.followers).toBe(0);
    await delay(0);
  });

  it.each([
    ['a replica of another function', 'follow=false', 'g-1', 'g-1 replica does not belong to function f'],
    ['a container that they do not have', 'follow=false&containerName=x', 'f-1', 'x container does not belong to replica f-1'],
    ['a time that is none', 'since=soon', 'f-1', 'since: must be a duration'],
    ['a number of lines that is none', 'tailLines=x', 'f-1', 'tailLines'],
  ])('do not give the log of %s', async (_what, query, replica, text) => {
    const response = await logs(query, replica);
    expect([response.status, await response.json()]).toEqual([400, { error: expect.stringContaining(text), errorStackTrace: '' }]);
  });
});
