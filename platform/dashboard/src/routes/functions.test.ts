import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { spec, startDashboard, type TestDashboard } from '../test-dashboard.ts';

let dashboard: TestDashboard;

beforeEach(async () => {
  dashboard = await startDashboard();
});
afterEach(() => dashboard.stop());

describe('functions', () => {
  it('are written in state building, filled in', async () => {
    expect(await dashboard.create('f')).toEqual({ status: 202, body: undefined });
    expect(dashboard.stored('f')).toMatchObject({
      metadata: { labels: { 'nuclio.io/project-name': 'default' } },
      spec: { triggers: { 'default-http': { kind: 'http' } } },
      status: { state: 'building' },
    });
  });

  it('are listed by their names, filtered by name and project', async () => {
    await dashboard.call('POST', '/api/projects', { metadata: { name: 'other' } });
    await dashboard.create('a');
    await dashboard.create('b', spec, { 'x-nuclio-project-name': 'other' });
    expect(Object.keys((await dashboard.call('GET', '/api/functions')).body)).toEqual(['a', 'b']);
    expect(Object.keys((await dashboard.call('GET', '/api/functions', undefined, { 'x-nuclio-project-name': 'other' })).body)).toEqual([
      'b',
    ]);
    expect(Object.keys((await dashboard.call('GET', '/api/functions', undefined, { 'x-nuclio-function-name': 'a' })).body)).toEqual(['a']);
  });

  it('are given one at a time, or 404', async () => {
    await dashboard.create('f');
    expect(await dashboard.call('GET', '/api/functions/f')).toMatchObject({
      status: 200,
      body: { metadata: { name: 'f' }, spec, status: { state: 'building' } },
    });
    expect(await dashboard.call('GET', '/api/functions/g')).toMatchObject({ status: 404 });
  });

  it('are refused with all mistakes of their form at once', async () => {
    const { status, body } = await dashboard.call('POST', '/api/functions', {
      metadata: { name: 'A b' },
      spec: { handler: 1, replicas: -1 },
    });
    expect(status).toBe(400);
    expect(body.error).toMatch(/metadata\.name.*spec\.handler.*spec\.replicas/s);
  });

  it('are refused when their name is taken or reserved, or their project is missing', async () => {
    await dashboard.create('f');
    expect(await dashboard.create('f')).toMatchObject({ status: 409, body: { error: 'Cannot create two functions with the same name' } });
    expect(await dashboard.create('scaler')).toMatchObject({
      status: 412,
      body: { error: 'Function name scaler is reserved and cannot be used.' },
    });
    expect(await dashboard.create('g', spec, { 'x-nuclio-project-name': 'none' })).toMatchObject({
      status: 412,
      body: { error: 'Project does not exist' },
    });
  });

  it('can be waited for until they are stable', async () => {
    const created = dashboard.create('f', spec, { 'x-nuclio-wait-function-action': 'true' });
    await delay(400);
    expect(await Promise.race([created, 'still waiting'])).toBe('still waiting');
    dashboard.setState('f', 'ready');
    expect(await created).toMatchObject({ status: 202 });
  });

  it('are replaced and built anew, unless they are being built or have changed meanwhile', async () => {
    await dashboard.create('f');
    const put = (resourceVersion = '') =>
      dashboard.call('PUT', '/api/functions/f', { metadata: { name: 'f', resourceVersion }, spec: { ...spec, handler: 'x:y' } });
    expect(await put()).toMatchObject({
      status: 412,
      body: { error: 'Function cannot be updated when existing function is being provisioned' },
    });
    dashboard.setState('f', 'ready');
    expect(await put('1')).toMatchObject({ status: 409, body: { error: 'Function resource version is stale' } });
    expect(await put()).toMatchObject({ status: 202 });
    expect(dashboard.stored('f')).toMatchObject({ spec: { handler: 'x:y' }, status: { state: 'building' } });
  });

  it('are removed when nothing works on them, and removing twice is fine', async () => {
    await dashboard.create('f');
    const remove = (headers = {}) => dashboard.call('DELETE', '/api/functions', { metadata: { name: 'f' } }, headers);
    expect(await remove()).toMatchObject({ status: 412 });
    expect(await remove({ 'x-nuclio-delete-function-ignore-state-validation': 'true' })).toMatchObject({ status: 204 });
    expect(await remove()).toMatchObject({ status: 204 });
    expect(await dashboard.call('DELETE', '/api/functions', {})).toMatchObject({ status: 400 });
  });
});
