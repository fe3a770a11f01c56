import { join } from 'node:path';
import { becomesReady, startStandby } from '@ampoule/platform-api/kube/testing/standby';
import { expect, it } from 'vitest';

it('is ready while another one leads, so that an update of several can go on', { timeout: 60_000 }, async () => {
  const port = await startStandby(join(import.meta.dirname, 'main.ts'), 'builder', {
    AMPOULE_REGISTRY_URL: 'http://127.0.0.1:1',
    AMPOULE_RUNTIME_NODEJS: 'n:1',
    AMPOULE_RUNTIME_PYTHON: 'p:1',
    AMPOULE_RUNTIME_SHELL: 's:1',
    AMPOULE_RUNTIME_JAVA: 'j:1',
  });

  expect(await becomesReady(port, 20_000)).toBe(true);
});
