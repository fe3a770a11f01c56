import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { Appliance } from '../src/appliance.ts';
import { callWhile } from '../src/call-while.ts';
import { openSite } from '../src/site.ts';
import { until } from '../src/until.ts';

const READY_MS = 90_000;
const SHOP = 'shop.example';
const EVERY_OTHER_FAILS = `let calls = 0;
exports.handler = () => {
  calls += 1;
  if (calls % 2 === 0) throw new Error('every other call');
  return 'three';
};
`;
const READER = `import com.google.gson.Gson;
import io.nuclio.*;
import java.util.Map;

public class Reader implements EventHandler {
    @Override
    public Response handleEvent(Context context, Event event) {
        Map<?, ?> given = new Gson().fromJson(new String(event.getBody()), Map.class);
        return new Response().setBody("hello " + given.get("name"));
    }
}
`;

// The alias lives through the first tests; each goes on where the one before it ended.
describe('versions, secrets and packages of functions on an appliance', () => {
  let appliance: Appliance;

  const sourceOf = (answer: string) => `exports.handler = () => "${answer}";\n`;
  /** Runs the installed command, which must succeed. */
  const command = async (...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await appliance.command(...args);
    expect(code, `${args.join(' ')}: ${stdout}${stderr}`).toBe(0);
    return stdout;
  };
  const deploy = (name: string, source: string, ...more: string[]) =>
    command('fn', 'deploy', name, '--source', source, '--runtime', 'nodejs', '--handler', 'handler:handler', ...more);
  const alias = async () => JSON.parse(await command('--json', 'fn', 'alias', 'list', 'shop'))[0];
  const isReady = (name: string) =>
    until(`${name} is ready`, READY_MS, async () => {
      const { status } = JSON.parse((await appliance.api('GET', `/functions/${name}`)).body);
      return status.state === 'ready' || JSON.stringify(status);
    });
  const answers = (name: string, body: string, wanted: string) =>
    until(`${name} answers`, 20_000, async () => {
      const answer = await appliance.call(name, body);
      return (answer.status === 200 && answer.body === wanted) || `${answer.status} ${answer.body}`;
    });

  beforeAll(async () => {
    appliance = await openSite(inject('bundleFile'), { name: 'versions' });
    await appliance.install();
  }, 180_000);
  afterAll(() => appliance?.lab.close());

  it('leads an alias to a version, and goes on to when another one is deployed', async () => {
    await deploy('shop', sourceOf('one'));
    expect(await command('fn', 'alias', 'set', 'shop', 'live', '--host', SHOP)).toContain(`from ${SHOP}/ to version 1`);
    await until('the alias answers', READY_MS, async () => {
      const { status, body } = await appliance.request('GET', '/', { headers: { host: SHOP } });
      return (status === 200 && body === 'one') || `${status} ${body}`;
    });
    const counts = await callWhile(appliance, SHOP, () => deploy('shop', sourceOf('two')));
    expect(Object.keys(counts)).toEqual(['200 one']);
    await answers('shop', '', 'two');
    expect(Object.keys(JSON.parse((await appliance.api('GET', '/functions')).body))).toEqual(['shop']);
  });

  it('makes a canary that does well the version of the alias, and loses no call', async () => {
    const fields = ['--step-weight', '50', '--interval', '3s', '--min-requests', '5', '--wait'];
    const counts = await callWhile(appliance, SHOP, async (lastAnswer) => {
      expect(await command('fn', 'canary', 'shop', 'live', ...fields)).toContain('Version 2 is the stable one: 0 of');
      await until('version 2 answers', 10_000, async () => lastAnswer() === '200 two' || lastAnswer());
    });
    expect(Object.keys(counts).sort()).toEqual(['200 one', '200 two']);
    expect(await alias()).toMatchObject({ version: 2, previousVersion: 1, phase: 'Succeeded', weight: 0 });
  });

  it('takes its calls from a canary that fails half of them, and says why', async () => {
    await deploy('shop', EVERY_OTHER_FAILS);
    await callWhile(appliance, SHOP, async () => {
      const fields = ['--step-weight', '50', '--interval', '30s', '--min-requests', '6', '--wait'];
      const { code, stderr } = await appliance.command('fn', 'canary', 'shop', 'live', ...fields);
      expect(code).toBe(1);
      expect(stderr).toContain('AMP_CLI_CANARY_FAILED');
      expect(stderr).toMatch(/Version 3 went back: \d+ of \d+ calls failed at 50% of the calls, more than 1%/);
    });
    expect(await alias()).toMatchObject({
      version: 2,
      phase: 'RolledBack',
      message: expect.stringMatching(/^Version 3 went back: \d+ of \d+ calls failed/),
    });
    expect(await alias()).not.toHaveProperty('canary');
  });

  it('brings an alias back to the version before by one command, and loses no call', async () => {
    await until('all calls go to version 2', 10_000, async () => {
      const counts = await callWhile(appliance, SHOP, () => delay(500));
      return Object.keys(counts).join() === '200 two' || JSON.stringify(counts);
    });
    const counts = await callWhile(appliance, SHOP, async (lastAnswer) => {
      expect(await command('fn', 'rollback', 'shop', '--alias', 'live')).toBe('Alias live of function shop goes back to version 1.\n');
      await until('version 1 answers', READY_MS, async () => lastAnswer() === '200 one' || lastAnswer());
    });
    expect(Object.keys(counts).sort()).toEqual(['200 one', '200 two']);
    expect(await alias()).toMatchObject({ version: 1 });
  });

  it('lets nobody change the function that runs a version', async () => {
    const refused = await appliance.command('fn', 'delete', 'shop-v1', '--force');
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain('Function shop-v1 is a version of function shop');
  });

  it('gives a function a secret that is kept for it, as a variable', async () => {
    const input = 'DATABASE_PASSWORD=kept for the database\n';
    const created = await appliance.host.exec('ampoule', ['secret', 'create', 'database', '--from-env-file', '-'], { input });
    expect(created).toMatchObject({ code: 0, stdout: 'Secret database is created, with DATABASE_PASSWORD.\n' });
    await deploy('vault', 'exports.handler = () => process.env.DATABASE_PASSWORD;\n', '--secret', 'database');
    await answers('vault', '', 'kept for the database');
    expect(await appliance.kubectl('-n', 'nuclio', 'get', 'nucliofunction', 'vault', '-o', 'yaml')).not.toContain('kept for');
  });

  it('runs a function in Java with the packages of the bundle that it asks for', async () => {
    const build = { functionSourceCode: Buffer.from(READER).toString('base64'), dependencies: ['com.google.code.gson:gson:2.13.2'] };
    const spec = { runtime: 'java', handler: 'Reader', build };
    expect((await appliance.api('POST', '/functions', { metadata: { name: 'reader' }, spec })).status).toBe(202);
    await isReady('reader');
    await answers('reader', '{"name": "gson"}', 'hello gson');
  });

  it('keeps passwords of triggers and variables out of what can be read of a function, which has them all the same', async () => {
    const map = ['configmap', 'nuclio-platform-config'] as const;
    const text = await appliance.kubectl('-n', 'nuclio', 'get', ...map, '-o', 'jsonpath={.data.platform\\.yaml}');
    const platform = JSON.parse(text);
    platform.sensitiveFields.customSensitiveFields = ['^/spec/env\\[\\d+\\]/value$'];
    const patch = JSON.stringify({ data: { 'platform.yaml': JSON.stringify(platform) } });
    await appliance.kubectl('-n', 'nuclio', 'patch', ...map, '--type', 'merge', '-p', patch);
    // The dashboard reads it when it starts; the one that has read it before must be gone.
    await appliance.kubectl('-n', 'ampoule-system', 'delete', 'pod', '-l', 'app.kubernetes.io/name=dashboard', '--wait=true');
    await until('the dashboard is back', READY_MS, async () => {
      const { status, body } = await appliance.api('GET', '/functions');
      return status === 200 || `${status} ${body}`;
    });

    const source = `const { readFileSync } = require('node:fs');
exports.handler = () => {
  const content = Buffer.from(readFileSync('/etc/nuclio/secrets/content', 'utf8'), 'base64');
  return [process.env.PIN, ...Object.values(JSON.parse(content)).sort()].join(', ');
};
`;
    const spec = {
      runtime: 'nodejs',
      handler: 'main:handler',
      env: [{ name: 'PIN', value: 'pin-of-tests' }],
      triggers: {
        broker: { kind: 'mqtt', disabled: true, url: 'mqtt://broker.example:1883', username: 'ann', password: 'word-of-tests' },
      },
      build: { functionSourceCode: Buffer.from(source).toString('base64') },
    };
    expect((await appliance.api('POST', '/functions', { metadata: { name: 'masked' }, spec })).status).toBe(202);
    await isReady('masked');
    await answers('masked', '', 'pin-of-tests, pin-of-tests, word-of-tests');

    const fn = await appliance.kubectl('-n', 'nuclio', 'get', 'nucliofunction', 'masked', '-o', 'yaml');
    expect(fn).toContain('$ref:/spec/triggers/broker/password');
    const kinds = 'nucliofunctions,configmaps,deployments,pods,controllerrevisions';
    const all = [fn, await appliance.kubectl('-n', 'nuclio', 'get', kinds, '-o', 'yaml')].join('\n');
    expect(all).toContain('nuclio-masked');
    for (const secret of ['pin-of-tests', 'word-of-tests', 'kept for the database']) {
      expect(all).not.toContain(secret);
      expect(all).not.toContain(Buffer.from(secret).toString('base64'));
    }
  });
});
