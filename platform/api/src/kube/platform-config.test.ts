import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { KubeClient } from './client.ts';
import { FakeApi } from './fake-api.ts';
import { silentLogger } from './logger.ts';
import { PlatformConfigSource } from './platform-config.ts';

const PATH = '/api/v1/namespaces/nuclio/configmaps/nuclio-platform-config';

let api: FakeApi;
let client: KubeClient;
let warnings: object[];

beforeEach(async () => {
  api = new FakeApi();
  client = await api.start();
  warnings = [];
});
afterEach(() => {
  client.close();
  api.stop();
});

function source(maxAgeMs?: number): PlatformConfigSource {
  const logger = { ...silentLogger, warn: (fields: object) => void warnings.push(fields) };
  return new PlatformConfigSource(client, 'nuclio', logger, maxAgeMs);
}

const put = (text: string) => api.put(PATH, { data: { 'platform.yaml': text } });

describe('the platform configuration', () => {
  it('is the default one where there is no ConfigMap', async () => {
    expect(await source().read()).toMatchObject({ functionInvocationTimeout: '1m0s', scaleToZero: { mode: 'disabled' } });
  });

  it('is read from YAML or JSON, and keeps what is not known', async () => {
    put('functionInvocationTimeout: 5s\nwebAdmin: { enabled: true }\n');
    expect(await source().read()).toMatchObject({ functionInvocationTimeout: '5s', webAdmin: { enabled: true } });
    put('{"cronTriggerCreationMode": "kube"}');
    expect(await source().read()).toMatchObject({ cronTriggerCreationMode: 'kube' });
  });

  it('is read again when it has become old, and not before', async () => {
    const [old, current] = [source(0), source()];
    put('functionInvocationTimeout: 5s');
    await Promise.all([old.read(), current.read()]);
    put('functionInvocationTimeout: 6s');
    expect(await current.read()).toMatchObject({ functionInvocationTimeout: '5s' });
    await expect.poll(() => old.read()).toMatchObject({ functionInvocationTimeout: '6s' });
  });

  it('stays the last good one when it becomes wrong, which is told', async () => {
    const platform = source(0);
    put('functionInvocationTimeout: 5s');
    await platform.read();
    put('functionInvocationTimeout: soon');
    await expect
      .poll(() => platform.read().then(() => warnings))
      .toMatchObject([{ reason: expect.stringMatching(/functionInvocationTimeout/) }]);
    expect(await platform.read()).toMatchObject({ functionInvocationTimeout: '5s' });
  });

  it('is asked for again when the API server did not answer', async () => {
    const platform = source();
    api.intercept = (_request, response) => {
      response.writeHead(500).end('{}');
      return true;
    };
    await expect(platform.read()).rejects.toMatchObject({ code: 'AMP_KUBE_REFUSED' });
    api.intercept = undefined;
    expect(await platform.read()).toMatchObject({ functionInvocationTimeout: '1m0s' });
  });
});
