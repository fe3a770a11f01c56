import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { KubeClient } from './client.ts';
import { FakeApi } from './fake-api.ts';
import { resources } from './resources.ts';

const POD = '/api/v1/namespaces/nuclio/pods/p';

let api: FakeApi;
let client: KubeClient;

beforeEach(async () => {
  api = new FakeApi();
  client = await api.start();
});
afterEach(() => {
  client.close();
  api.stop();
});

/** Lets the API server say that it has too much to do, for the first requests. */
function busy(times: number) {
  let left = times;
  api.intercept = (_request, response) => {
    if (left-- <= 0) return false;
    response.writeHead(429, { 'retry-after': '0' }).end('{"message":"storage is (re)initializing"}');
    return true;
  };
}

describe('the Kubernetes client', () => {
  it('asks again when the API server has too much to do', async () => {
    busy(2);
    expect((await client.list(resources.pods, 'nuclio')).items).toEqual([]);
  });

  it('gives up when the API server goes on to have too much to do', async () => {
    busy(10);
    await expect(client.list(resources.pods, 'nuclio')).rejects.toThrow('with 429: storage is (re)initializing');
  });

  it('lists the objects that have the labels asked for', async () => {
    api.put(POD, { metadata: { labels: { a: 'b', c: 'd' } } });
    api.put(`${POD}2`, { metadata: { labels: { a: 'x' } } });
    const names = async (selector: string) =>
      (await client.list(resources.pods, 'nuclio', selector)).items.map(({ metadata }) => metadata?.name);
    expect([await names('a=b,c=d'), await names('a=x'), await names('a=b,c=x')]).toEqual([['p'], ['p2'], []]);
  });

  it('reads the log of a pod, and says what the API server says when there is none', async () => {
    const { signal } = new AbortController();
    const options = { container: 'c', follow: false };
    api.log(POD, 'one\n');
    expect(await text(await client.podLog('nuclio', 'p', options, signal))).toBe('one\n');
    await expect(client.podLog('nuclio', 'q', options, signal)).rejects.toThrow('with 404: no such pod');
  });
});
