import { dirname } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { Appliance } from '../src/appliance.ts';
import { callOften } from '../src/call-often.ts';
import { countEgress, type Egress } from '../src/egress.ts';
import { greetingSource } from '../src/greeting.ts';
import type { SealedHost } from '../src/lab/lab.ts';
import { openSite } from '../src/site.ts';
import { until } from '../src/until.ts';

// One host lives through the whole life of an appliance; each test goes on where the one before it ended.
describe('an appliance on one sealed host', () => {
  let host: SealedHost;
  let appliance: Appliance;
  let egress: () => Promise<Egress>;

  const isWell = async () => {
    const { code, stdout } = await appliance.command('status');
    return code === 0 ? (true as const) : stdout;
  };
  const answers = async () => {
    const { status, body } = await appliance.call('hello', 'again');
    return status === 200 && body === 'hello again' ? (true as const) : `${status} ${body}`;
  };

  /** Writes a function into a folder of the host. */
  const writeFiles = async (name: string, files: object) => {
    for (const [file, content] of Object.entries(files)) {
      const path = `/root/${name}/${file}`;
      await host.mustExec('mkdir', ['-p', dirname(path)]);
      await host.mustExec('sh', ['-c', `printf '%s' "$1" > "$2"`, 'sh', content, path]);
    }
  };

  beforeAll(async () => {
    appliance = await openSite(inject('bundleFile'), { name: 'site' });
    host = appliance.host;
    egress = await countEgress(host, `amp-${appliance.lab.run}-sw`);
  });
  afterAll(() => appliance?.lab.close());

  it('is sealed, and the count of what it sends outside sees the attempts of the proof', async () => {
    await host.proveSealed();
    expect((await egress()).packets).toBeGreaterThan(0);
    egress = await countEgress(host, `amp-${appliance.lab.run}-sw`);
  });

  it('passes the preflight, which changes nothing, and neither does a dry run', async () => {
    await appliance.launch(['snapshot', 'take', '/root/before.json']);
    expect((await appliance.launch(['preflight'])).stdout).toMatch(/checks: \d+ passed, \d+ warnings, 0 failed/);
    const plan = await appliance.launch(['install', '--dry-run']);
    expect(plan.stdout).toContain('Kubernetes control plane');
    expect((await appliance.launch(['snapshot', 'compare', '/root/before.json'])).stdout).toBe('Nothing differs.\n');
  });

  it('refuses a bundle of which one byte was flipped, names the file, and has changed nothing', async () => {
    const blob = (await host.mustExec('sh', ['-c', `ls -S ${appliance.folder}/blobs/sha256 | head -n 3 | tail -n 1`])).trim();
    const file = `${appliance.folder}/blobs/sha256/${blob}`;
    const flip = ['conv=notrunc', 'bs=1', 'count=1', 'seek=1000', `of=${file}`];
    const original = await host.mustExec('sh', ['-c', `dd if=${file} bs=1 skip=1000 count=1 status=none | od -An -tu1`]);
    const write = (byte: number) =>
      host.mustExec('sh', ['-c', `printf '\\${byte.toString(8).padStart(3, '0')}' | dd ${flip.join(' ')} status=none`]);
    await write((Number(original) + 1) % 256);
    const result = await appliance.launch(['install', '--yes']);
    await write(Number(original));
    expect(result.code).toBe(1);
    expect(result.stderr).toContain('AMP_BUNDLE_FILE_CORRUPT');
    expect(result.stderr).toContain(blob);
    expect((await appliance.launch(['snapshot', 'compare', '/root/before.json'])).stdout).toBe('Nothing differs.\n');
  });

  it('installs, and every part is well', async () => {
    await appliance.install();
    expect(await isWell()).toBe(true);
  });

  it('runs a function from source, which answers through the ingress over TLS', async () => {
    await appliance.deploy('hello', greetingSource);
    await until('an answer', 10_000, answers);
  });

  it('lists the function, refuses a caller without the token, and gives a clear error for a bad function', async () => {
    const listed = await appliance.api('GET', '/functions');
    expect(Object.keys(JSON.parse(listed.body))).toEqual(['hello']);
    expect((await appliance.request('GET', '/api/functions')).status).toBe(401);
    const bad = await appliance.api('POST', '/functions', { metadata: { name: 'UPPER' }, spec: { runtime: 'nodejs' } });
    expect(bad.status).toBeGreaterThanOrEqual(400);
    expect(JSON.parse(bad.body).error).not.toBe('');
  });

  it.each([
    ['python', { 'main.py': 'def handler(context, event):\n    return "python " + event.body.decode()\n' }],
    ['shell', { 'main.sh': 'printf "shell %s" "$(cat)"\n' }],
    [
      'java',
      {
        'Greeter.java': `package com.example;
import io.nuclio.*;
public class Greeter implements EventHandler {
    @Override
    public Response handleEvent(Context context, Event event) {
        return new Response().setBody("java " + new String(event.getBody()));
    }
}
`,
      },
    ],
    ['typescript', { 'main.ts': 'export const handler = (_: unknown, e: { body: Buffer }): string => "typescript " + e.body;\n' }],
    [
      'packages',
      {
        'main.js':
          'import { named } from "named"; import { space } from "./lib/space.js"; export const handler = (c, e) => named + space + e.body;\n',
        'package.json': '{ "type": "module" }',
        'lib/space.js': 'export const space = " ";\n',
        'node_modules/named/package.json': '{ "type": "module", "exports": "./index.js" }',
        'node_modules/named/index.js': 'export const named = "packages";\n',
      },
    ],
    [
      'modules',
      {
        'main.py': 'from tools.space import SPACE\n\ndef handler(context, event):\n    return "modules" + SPACE + event.body.decode()\n',
        'tools/space.py': 'SPACE = " "\n',
      },
    ],
  ])('deploys a function of %s by one command in an empty shell, and calls it by another', async (name, files) => {
    await writeFiles(name, files);
    const deployed = await appliance.command('fn', 'deploy', `/root/${name}`);
    expect(deployed.code, deployed.stdout + deployed.stderr).toBe(0);
    const invoked = await appliance.command('fn', 'invoke', name, '--body', 'you');
    expect(invoked.stdout.trim()).toBe(`${name} you`);
    expect((await appliance.command('fn', 'delete', name)).code).toBe(0);
  });

  it.each([
    [
      'asking-js',
      {
        'package.json': '{ "type": "module", "dependencies": { "lodash": "^4.17.0", "pg": "*" } }',
        'main.js': `import { readFileSync } from 'node:fs';
import lodash from 'lodash';
import pg from 'pg';
const made = readFileSync(new URL('made.txt', import.meta.url), 'utf8').trim();
export const handler = (context, event) => [lodash.upperFirst(String(event.body)), typeof pg.Client, made].join(' ');
`,
      },
    ],
    [
      'asking-py',
      {
        'requirements.txt': 'pydantic>=2\nrequests\nredis\n',
        'main.py': `import pathlib
import pydantic, redis, requests

class Name(pydantic.BaseModel):
    text: str

made = pathlib.Path(__file__).with_name('made.txt').read_text().strip()

def handler(context, event):
    return ' '.join([Name(text=event.body.decode()).text.title(), type(requests.get).__name__, made])
`,
      },
    ],
  ])('installs the packages that %s asks for, from the bundle, and runs the commands of its owner', async (name, files) => {
    const config = `metadata: { name: ${name} }\nspec: { build: { commands: ["echo made here > made.txt"] } }\n`;
    await writeFiles(name, { ...files, 'function.yaml': config });
    const deployed = await appliance.command('fn', 'deploy', `/root/${name}`);
    expect(deployed.code, deployed.stdout + deployed.stderr).toBe(0);
    expect((await appliance.command('fn', 'invoke', name, '--body', 'you')).stdout.trim()).toBe('You function made here');
    expect((await appliance.command('fn', 'delete', name)).code).toBe(0);
  });

  it('names a package that the bundle does not hold, and leaves no pod of the build behind', async () => {
    await writeFiles('wanting', {
      'package.json': '{ "dependencies": { "left-pad": "1.3.0" } }',
      'main.js': 'exports.handler = () => require("left-pad")("a", 2);\n',
    });
    const deployed = await appliance.command('fn', 'deploy', '/root/wanting');
    expect(deployed.code).not.toBe(0);
    expect(deployed.stderr).toContain('The bundle holds no left-pad');
    await until('the pod of the build is gone', 30_000, async () => {
      const pods = await appliance.kubectl('-n', 'ampoule-builds', 'get', 'pods', '-o', 'name');
      return pods.trim() === '' || pods;
    });
    expect((await appliance.command('fn', 'delete', 'wanting')).code).toBe(0);
  });

  it('brings a function back to what it was before, with the image that was built then', async () => {
    // The network of the cluster follows within a moment.
    const answers = async (text: string) => {
      const { stdout } = await appliance.command('fn', 'invoke', 'turn');
      return stdout.includes(text) || stdout;
    };
    for (const text of ['first', 'second']) {
      const source = `exports.handler = () => "${text}"\n`;
      const deployed = await appliance.command(
        'fn',
        'deploy',
        'turn',
        '--source',
        source,
        '--runtime',
        'nodejs',
        '--handler',
        'main:handler',
      );
      expect(deployed.code, deployed.stdout + deployed.stderr).toBe(0);
      await until(`the ${text} version answers`, 5_000, () => answers(text));
    }
    const back = await appliance.command('fn', 'rollback', 'turn');
    expect(back.code, back.stdout + back.stderr).toBe(0);
    await until('the first version answers again', 5_000, () => answers('first'));
    expect((await appliance.command('fn', 'versions', 'turn')).stdout).toMatch(/^1 .* yes$/m);
    expect((await appliance.command('fn', 'delete', 'turn')).code).toBe(0);
  });

  it('puts an idle function to sleep, and wakes it by a call, which is answered', async () => {
    const source = Buffer.from('exports.handler = (context, event) => "awake " + event.body').toString('base64');
    const spec = {
      runtime: 'nodejs',
      handler: 'main:handler',
      minReplicas: 0,
      maxReplicas: 1,
      scaleToZero: { scaleResources: [{ metricName: 'nuclio_processor_handled_events', windowSize: '10s', threshold: 0 }] },
      build: { functionSourceCode: source },
    };
    await appliance.api('POST', '/functions', { metadata: { name: 'sleepy' }, spec }, { 'x-nuclio-wait-function-action': 'true' });
    await until('the function sleeps', 120_000, async () => {
      const { status } = JSON.parse((await appliance.api('GET', '/functions/sleepy')).body);
      return status.state === 'scaledToZero' ? (true as const) : JSON.stringify(status);
    });
    await until('its pod is gone', 60_000, async () => {
      const pods = await appliance.kubectl('-n', 'nuclio', 'get', 'pods', '-l', 'nuclio.io/function-name=sleepy', '-o', 'name');
      return pods.trim() === '' ? (true as const) : pods;
    });
    const first = await appliance.call('sleepy', 'you');
    expect(first).toMatchObject({ status: 200, body: 'awake you' });
    expect(Number(first.headers['x-ampoule-cold-start-ms'])).toBeGreaterThan(0);
    // A warm pod stood in for its own, which comes up all the same.
    await until('a warm pod says whose it is', 5_000, async () => {
      const pods = await appliance.kubectl('-n', 'ampoule-warm', 'get', 'pods', '-l', 'ampoule.internal/bound-to=sleepy', '-o', 'name');
      return pods.trim() !== '' || pods;
    });
    // While one of its own takes over, nothing is lost.
    const { lost } = await callOften(appliance, 'sleepy', { answer: 'awake ', count: 100, seconds: 3 });
    expect(lost).toEqual([]);
    // It may still be on its way to ready, in which Nuclio refuses to delete unless told.
    const anyway = { 'x-nuclio-delete-function-ignore-state-validation': 'true' };
    expect((await appliance.api('DELETE', '/functions', { metadata: { name: 'sleepy' } }, anyway)).status).toBe(204);
  });

  it('pulled every image from the private registry or had it already', async () => {
    const events: { items: { reason: string; message: string }[] } = JSON.parse(
      await appliance.kubectl('get', 'events', '-A', '-o', 'json'),
    );
    const pulls = events.items.filter(({ reason }) => ['Pulled', 'Pulling', 'Failed', 'ErrImagePull', 'BackOff'].includes(reason));
    expect(pulls.length).toBeGreaterThan(5);
    for (const { reason, message } of pulls)
      expect(`${reason}: ${message}`).toMatch(/^(Pulling|Pulled: Successfully pulled|Pulled: Container image .* already present)/);
  });

  it('pins its images against garbage collection', async () => {
    const images = await host.mustExec('/opt/ampoule/bin/ctr', [
      '-a',
      '/run/ampoule/containerd/containerd.sock',
      '-n',
      'k8s.io',
      'images',
      'ls',
    ]);
    const own = images.split('\n').filter((line) => /^(registry\.k8s\.io|docker\.io|ampoule\.internal)\/(?!functions)[^@ ]+ /.test(line));
    expect(own.length).toBeGreaterThan(10);
    for (const line of own) expect(line).toContain('io.cri-containerd.pinned=pinned');
  });

  it('gives nobody cluster-admin who does not need it', async () => {
    const bindings: { items: { metadata: { name: string }; roleRef: { name: string } }[] } = JSON.parse(
      await appliance.kubectl('get', 'clusterrolebindings', '-o', 'json'),
    );
    const admins = bindings.items.filter(({ roleRef }) => roleRef.name === 'cluster-admin').map(({ metadata }) => metadata.name);
    expect(admins.sort()).toEqual(['cluster-admin', 'kubeadm:cluster-admins']);
  });

  it('starts a pod again while the registry is down', async () => {
    await host.mustExec('systemctl', ['stop', 'ampoule-registry.service']);
    await appliance.kubectl('-n', 'nuclio', 'delete', 'pod', '-l', 'nuclio.io/function-name=hello', '--wait=true');
    await until('an answer without the registry', 60_000, answers);
    await host.mustExec('systemctl', ['start', 'ampoule-registry.service']);
  });

  it('frees the disk of what no image uses, and can be pushed to afterwards, also where that is killed', async () => {
    const [SWEEP, WRITABLE] = ['ampoule-registry-sweep.service', 'ampoule-registry-writable.service'];
    expect((await appliance.command('registry', 'collect')).code).toBe(0);
    await host.mustExec('systemctl', ['start', SWEEP]);
    await until('a well appliance', 60_000, isWell);
    // Killed at each moment of it, and what follows it too; some moments come when it is over.
    for (const moment of ['0', '0.2', '0.4', '0.6', '0.8', '1.2']) {
      await host.mustExec('systemctl', ['start', '--no-block', SWEEP]);
      await host.mustExec('sleep', [moment]);
      await host.exec('systemctl', ['kill', '--signal=SIGKILL', SWEEP, WRITABLE]);
    }
    await until('the end of the sweep', 60_000, async () => {
      const states = await host.mustExec('systemctl', ['show', '--property=ActiveState', '--value', SWEEP, WRITABLE]);
      return !states.includes('activating') || states;
    });
    await appliance.deploy('swept', greetingSource);
    expect(await host.mustExec('systemctl', ['is-active', 'ampoule-registry-collect.timer'])).toBe('active\n');
  });

  it('is healed by another install when the registry lost its data', async () => {
    await host.mustExec('rm', ['-rf', '/var/lib/ampoule/registry/docker']);
    const events = await appliance.install();
    expect(events.find(({ event, step }) => event === 'done' && step === 'images')).toBeDefined();
    await appliance.deploy('healed', greetingSource);
    expect(await isWell()).toBe(true);
  });

  it('is healed by another install when a service of the host is gone', async () => {
    await host.mustExec('systemctl', ['stop', 'kubelet.service']);
    await host.mustExec('rm', ['/etc/systemd/system/kubelet.service']);
    const events = await appliance.install();
    expect(events.find(({ event, step }) => event === 'done' && step === 'kubernetes')).toBeDefined();
    await until('a well appliance', 60_000, isWell);
    await until('an answer', 30_000, answers);
  });

  it('comes back by itself after a reboot and after a power cut', async () => {
    await host.reboot();
    await until('a well appliance', 120_000, isWell);
    await until('an answer', 30_000, answers);
    await host.powerCut();
    await until('a well appliance', 120_000, isWell);
    await until('an answer', 30_000, answers);
  });

  it('puts no secret into a support bundle, which it makes with the cluster down too', async () => {
    const { dashboardToken, password } = await appliance.secrets();
    await host.mustExec('systemctl', ['stop', 'kubelet.service']);
    const made = await appliance.command('support-bundle', '--output', '/root/support.tar.gz');
    await host.mustExec('systemctl', ['start', 'kubelet.service']);
    expect(made.code).toBe(0);
    const text = await host.mustExec('tar', ['-xzOf', '/root/support.tar.gz']);
    expect(text.length).toBeGreaterThan(10_000);
    expect(text).not.toContain(dashboardToken);
    expect(text).not.toContain(password);
    expect(text).not.toMatch(/BEGIN (RSA |EC )?PRIVATE KEY/);
  });

  it('shows every certificate and how long it lasts', async () => {
    const { stdout } = await appliance.command('--json', 'certs', 'list');
    const entries: { name: string; status: string; daysLeft: number }[] = JSON.parse(stdout);
    expect(entries.length).toBeGreaterThan(15);
    for (const { status, daysLeft } of entries) expect({ status, long: daysLeft > 300 }).toEqual({ status: 'ok', long: true });
  });

  it('sent nothing outside in all this time', async () => {
    expect(await egress()).toEqual({ packets: 0, destinations: [] });
  });

  it('is gone after an uninstall, with the host as it was', async () => {
    const removed = await appliance.command('uninstall', '--yes');
    expect(removed.stdout).toContain('nothing is left');
    await host.mustExec('rm', ['/root/support.tar.gz']);
    expect((await appliance.launch(['snapshot', 'compare', '/root/before.json'])).stdout).toBe('Nothing differs.\n');
    const tables = await host.networkExec('nft', ['list', 'tables']);
    expect(tables.stdout.trim()).toBe('');
  });
});
