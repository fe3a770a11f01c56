import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it, onTestFinished } from 'vitest';
import type { Appliance } from '../src/appliance.ts';
import { callOften } from '../src/call-often.ts';
import { pythonPackages } from '../src/python-packages.ts';
import { openSite } from '../src/site.ts';
import { until } from '../src/until.ts';

const READY_MS = 60_000;
/** Twelve such calls are under way where 25 come in a second. */
const SLOW = "exports.handler = () => new Promise((resolve) => setTimeout(resolve, 500, 'busy'));\n";
const CLIENT = join(import.meta.dirname, '../clients/nuclio-jupyter');

describe('the control plane of an appliance', () => {
  let appliance: Appliance;

  const sourceOf = (answer: string) => `exports.handler = () => "${answer}"\n`;
  const specOf = (answer: string, more: object = {}) => ({
    runtime: 'nodejs',
    handler: 'main:handler',
    build: { functionSourceCode: Buffer.from(sourceOf(answer)).toString('base64') },
    ...more,
  });
  const create = (name: string, spec: object) => appliance.api('POST', '/functions', { metadata: { name }, spec });
  const isReady = (name: string) =>
    until(`${name} is ready`, READY_MS, async () => {
      const { status } = JSON.parse((await appliance.api('GET', `/functions/${name}`)).body);
      return status.state === 'ready' || JSON.stringify(status);
    });
  const answers = (name: string, wanted: string) =>
    until(`${name} answers`, 10_000, async () => {
      const { status, body } = await appliance.call(name, '');
      return (status === 200 && body === wanted) || `${status} ${body}`;
    });
  const kill = (component: string) =>
    appliance.kubectl('-n', 'ampoule-system', 'delete', 'pod', '-l', `app.kubernetes.io/name=${component}`, '--force', '--wait=false');

  beforeAll(async () => {
    appliance = await openSite(inject('bundleFile'), { name: 'plane' });
    await appliance.install();
    // Until its CPU is known a minute passes, in which the other tests run.
    await create('scaled', specOf('scaled', { minReplicas: 1, maxReplicas: 3, targetCPU: 50 }));
  }, 180_000);
  afterAll(() => appliance?.lab.close());

  it.each(['controller', 'builder'])('brings a function up whose deploy the %s did not survive', async (component) => {
    const name = `without-${component}`;
    expect((await create(name, specOf(name))).status).toBe(202);
    await kill(component);
    await isReady(name);
    await answers(name, name);
  });

  it('brings a function up in whose deploy the API server was killed', async () => {
    expect((await create('without-api', specOf('without-api'))).status).toBe(202);
    await appliance.host.mustExec('pkill', ['-KILL', '-f', '^kube-apiserver|/kube-apiserver']);
    await until('the API server is back', READY_MS, async () => (await appliance.kubectl('get', '--raw', '/readyz')) === 'ok' || 'not ok');
    await isReady('without-api');
    await answers('without-api', 'without-api');
  });

  it('lets the next controller lead where the one that leads was killed', async () => {
    const holder = () => appliance.kubectl('-n', 'ampoule-system', 'get', 'lease', 'controller', '-o', 'jsonpath={.spec.holderIdentity}');
    const before = await holder();
    await kill('controller');
    await until('another one leads', READY_MS, async () => {
      const now = await holder();
      return (now !== '' && now !== before) || now;
    });
  });

  it('builds once the registry is back that was away', async () => {
    await appliance.host.mustExec('systemctl', ['stop', 'ampoule-registry.service']);
    expect((await create('patient', specOf('patient'))).status).toBe(202);
    await until('the build failed for once', READY_MS, async () => {
      const { status } = JSON.parse((await appliance.api('GET', '/functions/patient')).body);
      return (status.state === 'building' && /tried again/.test(status.message)) || JSON.stringify(status);
    });
    await appliance.host.mustExec('systemctl', ['start', 'ampoule-registry.service']);
    await isReady('patient');
    await answers('patient', 'patient');
  });

  it('gives a canary its share of the calls of an API gateway, and asks for its password', async () => {
    for (const name of ['stable', 'canary']) {
      await create(name, specOf(name));
      await isReady(name);
    }
    const to = (name: string) => ({ kind: 'nucliofunction', nucliofunction: { name } });
    const gateway = {
      metadata: { name: 'shared' },
      spec: {
        host: 'shared.example',
        authenticationMode: 'basicAuth',
        authentication: { basicAuth: { username: 'ann', password: 'secret' } },
        upstreams: [to('stable'), { ...to('canary'), percentage: 30 }],
      },
    };
    expect((await appliance.api('POST', '/api_gateways', gateway)).status).toBe(201);
    await until('the gateway is ready', 20_000, async () => {
      const { status } = JSON.parse((await appliance.api('GET', '/api_gateways/shared')).body);
      return status.state === 'ready' || JSON.stringify(status);
    });
    const call = (headers: Record<string, string>) => appliance.request('GET', '/', { headers: { host: 'shared.example', ...headers } });
    expect((await call({})).status).toBe(401);
    const authorization = `Basic ${Buffer.from('ann:secret').toString('base64')}`;
    const counts: Record<string, number> = {};
    const calls = 60;
    for (let i = 0; i < calls; i += 1) {
      const { body } = await call({ authorization });
      counts[body] = (counts[body] ?? 0) + 1;
    }
    // Five standard deviations each way.
    expect(counts.canary).toBeGreaterThan(0);
    expect(counts.canary).toBeLessThan(36);
    expect(counts).toEqual({ stable: calls - (counts.canary ?? 0), canary: counts.canary });
  });

  it("is used by Nuclio's own client for Python as a Nuclio is", async () => {
    const packages = await pythonPackages(join(CLIENT, 'requirements.txt'));
    const { dashboardToken: token } = await appliance.secrets();
    const folder = await mkdtemp(join(tmpdir(), 'ampoule-client-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const ca = join(folder, 'ca.pem');
    await writeFile(ca, await appliance.host.readFile('/var/lib/ampoule/pki/trust.crt'));
    const access = { AMPOULE_URL: `https://${appliance.host.address}`, AMPOULE_TOKEN: token };
    const env = { ...access, PYTHONPATH: packages, REQUESTS_CA_BUNDLE: ca, NUCLIO_VERIFY_CERT: 'true', IPYTHONDIR: folder };
    const output = await appliance.lab.exec('python3', [join(CLIENT, 'use.py')], { env, timeoutMs: READY_MS });
    // The client writes what it does before.
    expect(JSON.parse(output.trim().split('\n').at(-1) ?? '')).toEqual({
      answers: ['hello sealed', 'goodbye sealed'],
      functions: ['from-notebook'],
      left: [],
    });
  }, 600_000);

  it('brings up and takes away what is written to the cluster in the order in which nuctl writes it', async () => {
    const write = (verb: string, object: object) =>
      appliance.host.mustExec('/opt/ampoule/bin/kubectl', ['--kubeconfig', '/etc/kubernetes/admin.conf', '-n', 'nuclio', verb, '-f', '-'], {
        input: JSON.stringify(object),
      });
    const read = async () => JSON.parse(await appliance.kubectl('-n', 'nuclio', 'get', 'nucliofunction', 'from-nuctl', '-o', 'json'));
    const kind = (name: string) => ({ apiVersion: 'nuclio.io/v1beta1', kind: name });
    await write('create', { ...kind('NuclioProject'), metadata: { name: 'of-nuctl' }, spec: { description: 'made by a command' } });
    const { spec: built } = JSON.parse((await appliance.api('GET', '/functions/stable')).body);
    const labels = {
      'nuclio.io/class': 'function',
      'nuclio.io/function-name': 'from-nuctl',
      'nuclio.io/function-version': 'latest',
      'nuclio.io/project-name': 'of-nuctl',
    };
    const fn = {
      ...kind('NuclioFunction'),
      metadata: { name: 'from-nuctl', namespace: 'nuclio', labels },
      spec: {
        handler: 'main:handler',
        runtime: 'nodejs',
        env: null,
        resources: {},
        image: built.image,
        minReplicas: 1,
        maxReplicas: 1,
        targetCPU: 75,
        triggers: { http: { class: '', kind: 'http', name: 'http', maxWorkers: 1, attributes: { serviceType: 'ClusterIP' } } },
        build: { codeEntryType: 'image', timestamp: Math.floor(Date.now() / 1000) },
        runRegistry: '',
        platform: {},
        eventTimeout: '',
        loggerSinks: [{ level: 'debug', sink: '' }],
      },
    };
    await write('create', { ...fn, status: { state: 'building' } });
    const { metadata } = await read();
    await write('replace', { ...fn, metadata, status: { state: 'waitingForResourceConfiguration' } }).catch(async () => {
      // Somebody else has written it in between: nuctl reads it again, and writes it again.
      const { metadata: newer } = await read();
      return write('replace', { ...fn, metadata: newer, status: { state: 'waitingForResourceConfiguration' } });
    });
    await until('the function is ready', READY_MS, async () => {
      const { status } = await read();
      return status.state === 'ready' || JSON.stringify(status);
    });
    expect((await read()).status.internalInvocationUrls).toEqual(['nuclio-from-nuctl.nuclio.svc.cluster.local:8080']);
    const replicas = ['-o', 'jsonpath={.status.availableReplicas}/{.spec.replicas}'];
    expect(await appliance.kubectl('-n', 'nuclio', 'get', 'deployment', 'nuclio-from-nuctl', ...replicas)).toBe('1/1');
    await answers('from-nuctl', 'stable');
    await appliance.kubectl('-n', 'nuclio', 'delete', 'nucliofunction', 'from-nuctl');
    await until('nothing of it is left', READY_MS, async () => {
      const left = await appliance.kubectl('-n', 'nuclio', 'get', 'all,ingress,configmap', '-l', 'nuclio.io/function-name=from-nuctl');
      return left.trim() === '' || left;
    });
    await appliance.kubectl('-n', 'nuclio', 'delete', 'nuclioproject', 'of-nuctl');
  });

  it('answers every call while other functions come and go', async () => {
    const calls = callOften(appliance, 'stable', { answer: 'stable', count: 600, seconds: 8 });
    for (let i = 0; i < 4; i += 1) {
      await create(`passing-${i}`, specOf('passing'));
      await isReady(`passing-${i}`);
      await appliance.api('DELETE', '/functions', { metadata: { name: `passing-${i}` } });
    }
    expect((await calls).lost).toEqual([]);
  });

  it('calls a function for who does not wait, also across a kill of the invoker and of its queue, and keeps what failed', async () => {
    await appliance.deploy('later', sourceOf('later'));
    const asked = await appliance.request('POST', '/fn/later', { headers: { prefer: 'respond-async' } });
    expect(asked).toMatchObject({ status: 202, headers: { 'preference-applied': 'respond-async' } });
    for (const program of ['/nats-server', 'invoker.mjs']) await appliance.host.mustExec('pkill', ['-KILL', '-f', program]);
    await until('the result is there', READY_MS, async () => {
      const { status, body } = await appliance.request('GET', `${asked.headers.location}/result`);
      return (status === 200 && body === 'later') || `${status} ${body}`;
    });
    await appliance.deploy('failing', 'exports.handler = () => { throw new Error("not yet"); }\n');
    const headers = { prefer: 'respond-async', 'x-ampoule-max-attempts': '1' };
    const failed = await appliance.request('POST', '/fn/failing', { headers });
    const { id } = JSON.parse(failed.body);
    const deadLetters = async () => (await appliance.command('dead-letter', 'list')).stdout;
    await until('the failure is kept', 20_000, async () => (await deadLetters()).includes(id) || (await deadLetters()));
    const mended = ['--source', 'exports.handler = () => "mended"\n', '--runtime', 'nodejs', '--handler', 'handler:handler'];
    expect((await appliance.command('fn', 'deploy', 'failing', ...mended)).code).toBe(0);
    expect((await appliance.command('dead-letter', 'redrive', id)).code).toBe(0);
    await until('it is done', 20_000, async () => {
      const { status, body } = await appliance.request('GET', `/invocations/${id}/result`);
      return (status === 200 && body === 'mended') || `${status} ${body}`;
    });
    expect(await deadLetters()).not.toContain(id);
  });

  it('gives a function under load the replicas that it needs and its project may have, lets it sleep after that, and loses no call', async () => {
    const project = { metadata: { name: 'capped' }, spec: { maxReplicas: 3 } };
    expect((await appliance.api('POST', '/projects', project)).status).toBe(201);
    const spec = {
      ...specOf('busy'),
      build: { functionSourceCode: Buffer.from(SLOW).toString('base64') },
      minReplicas: 0,
      maxReplicas: 6,
      autoScaleMetrics: [{ metricName: 'concurrency', threshold: 2, windowSize: '10s' }],
      scaleToZero: { scaleResources: [{ metricName: 'nuclio_processor_handled_events', windowSize: '10s', threshold: 0 }] },
      triggers: { http: { kind: 'http', numWorkers: 8 } },
    };
    const labels = { 'nuclio.io/project-name': 'capped' };
    expect((await appliance.api('POST', '/functions', { metadata: { name: 'busy', labels }, spec })).status).toBe(202);
    await isReady('busy');
    const replicas = () => appliance.kubectl('-n', 'nuclio', 'get', 'deployment', 'nuclio-busy', '-o', 'jsonpath={.spec.replicas}');
    const calls = callOften(appliance, 'busy', { answer: 'busy', count: 500, seconds: 20 });
    await until('it has the three replicas of its project', 20_000, async () => {
      const found = await replicas();
      return found === '3' || found;
    });
    expect((await calls).lost).toEqual([]);
    await until('it sleeps', READY_MS, async () => {
      const { status } = JSON.parse((await appliance.api('GET', '/functions/busy')).body);
      return status.state === 'scaledToZero' || JSON.stringify(status);
    });
    expect(await replicas()).toBe('0');
    await answers('busy', 'busy');
  });

  it('measures the CPU of a function that may have several replicas', async () => {
    await isReady('scaled');
    const targets = [
      '-o',
      'jsonpath={.spec.minReplicas} {.spec.maxReplicas} {.status.currentMetrics[0].resource.current.averageUtilization}',
    ];
    await until('the autoscaler sees the CPU', 120_000, async () => {
      const found = await appliance.kubectl('-n', 'nuclio', 'get', 'hpa', 'nuclio-scaled', ...targets);
      return /^1 3 \d+$/.test(found) || found;
    });
  });
});
