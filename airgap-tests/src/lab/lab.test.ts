import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exec } from '@ampoule/lib/exec';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findGroups, groupParents } from './cgroups.ts';
import { type Lab, openLab, type SealedHost } from './lab.ts';
import { namespaces } from './network.ts';
import { readRecords } from './owner.ts';
import { labName, runDirectory, SWITCH } from './paths.ts';
import { mountsBelow } from './remove.ts';

const BOOT_MS = 120_000;
const MEBIBYTE = 1024 ** 2;

/** Everything of a run that this machine still has. */
async function leftovers(run: string): Promise<string[]> {
  const commands = await Promise.all(
    (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')),
  );
  const records = await readRecords();
  return [
    ...(await namespaces(labName(run, ''))),
    ...(await findGroups(await groupParents(), `lab-${run}-`)),
    ...(await mountsBelow(runDirectory(run))),
    ...(await stat(runDirectory(run)).then(
      () => [runDirectory(run)],
      () => [],
    )),
    ...commands.filter((command) => command.includes(`amp-${run}-`)),
    ...records.filter((record) => record.run === run).map((record) => record.directory),
  ];
}

describe('a sealed host', () => {
  let lab: Lab;
  let host: SealedHost;
  let scratch: string;

  beforeAll(async () => {
    scratch = await mkdtemp(join(tmpdir(), 'lab-test-'));
    lab = await openLab();
    host = await lab.createHost({ name: 'one', memoryLimit: 2048 * MEBIBYTE, dataDiskBytes: 16 * MEBIBYTE });
    await host.boot();
  }, BOOT_MS);

  afterAll(async () => {
    await lab?.close();
    await rm(scratch, { recursive: true, force: true });
  }, BOOT_MS);

  it('runs all its units', async () => {
    expect(await host.mustExec('systemctl', ['is-system-running'])).toBe('running\n');
    expect(await host.mustExec('hostname')).toBe('one\n');
    expect(await host.mustExec('findmnt', ['-no', 'PROPAGATION', '/'])).toBe('shared\n');
  });

  it('gives code, output and a clean environment', async () => {
    const result = await host.exec('bash', ['-c', 'cat; echo "$A $HOME" >&2; exit 7'], { input: 'in', env: { A: 'b c' } });
    expect(result).toEqual({ code: 7, stdout: 'in', stderr: 'b c /root\n' });
    expect((await host.mustExec('env')).trim().split('\n').sort()).toEqual([
      'HOME=/root',
      'LANG=C.UTF-8',
      'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    ]);
    await expect(host.mustExec('false')).rejects.toMatchObject({ code: 'AMP_LAB_COMMAND' });
  });

  it('has settings of its own of what a kernel has once, until it boots again', async () => {
    const file = '/proc/sys/fs/inotify/max_user_instances';
    const ofMachine = await readFile(file, 'utf8');
    expect(await host.readFile(file)).toBe('128\n');
    await host.mustExec('sysctl', ['-w', 'fs.inotify.max_user_instances=1234']);
    expect(await host.readFile(file)).toBe('1234\n');
    expect(await readFile(file, 'utf8')).toBe(ofMachine);
    await host.reboot();
    expect(await host.readFile(file)).toBe('128\n');
  });

  it('ends a command with its time limit', async () => {
    await expect(host.exec('sleep', ['4321'], { timeoutMs: 500 })).rejects.toMatchObject({ code: 'AMP_COMMAND_TIMEOUT' });
    expect((await host.exec('pgrep', ['-f', 'sleep 4321'])).code).toBe(1);
  });

  it('has its memory limit', async () => {
    const files = ['/sys/fs/cgroup/memory/memory.limit_in_bytes', '/sys/fs/cgroup/memory.max'];
    const { stdout } = await host.exec('cat', files);
    expect(Number(stdout)).toBe(2048 * MEBIBYTE);
  });

  it('gets files, also below a link and a file system of their own', async () => {
    const file = join(scratch, 'file');
    await writeFile(file, 'carried over');
    await host.copyIn(file, '/var/run/new/file');
    await host.copyIn(scratch, '/var/lib/ampoule/bundle');
    expect(await host.readFile('/run/new/file')).toBe('carried over');
    expect(await host.readFile('/var/lib/ampoule/bundle/file')).toBe('carried over');
    expect(await host.mustExec('findmnt', ['-no', 'FSTYPE', '/var/lib/ampoule'])).toBe('ext4\n');
    expect(await stat('/run/new').catch(() => undefined)).toBeUndefined();
  });

  it('is sealed', async () => {
    const proof = await host.proveSealed();
    expect(proof.tried.length).toBeGreaterThan(20);
    expect(proof.milliseconds).toBeLessThan(8_000);
  });

  it('is found out when something outside answers', async () => {
    const address = ['dev', 'br0', '1.1.1.1/32'];
    const inSwitch = ['-n', labName(lab.run, SWITCH), 'address'];
    await exec('ip', [...inSwitch, 'add', ...address]);
    await expect(host.proveSealed()).rejects.toMatchObject({ code: 'AMP_LAB_NOT_SEALED', why: expect.stringContaining('tcp/1.1.1.1/443') });
    await exec('ip', [...inSwitch, 'delete', ...address]);
    await host.proveSealed();
  });

  it('answers requests from its switch, and only from there', async () => {
    const answer = 'HTTP/1.1 201 Created\r\nX-Two: a\r\nX-Two: b\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello';
    const script = [
      'use IO::Socket::INET; my $server = IO::Socket::INET->new(LocalPort => 8080, Listen => 1, ReuseAddr => 1) or die; print "up\n"; $| = 1;',
      `my $client = $server->accept; while (<$client>) { last if $_ eq "\\r\\n" } print $client "${answer.replaceAll('\r\n', '\\r\\n')}";`,
    ].join(' ');
    const served = host.exec('perl', ['-e', script], { timeoutMs: 20_000 });
    await host.mustExec('timeout', ['10', 'bash', '-c', 'until ss -Hltn sport = :8080 | grep -q .; do :; done']);
    const response = await lab.request({ host, url: 'http://some.name:8080/path', method: 'POST', body: 'x' });
    expect(response).toMatchObject({ status: 201, body: 'hello', headers: { 'x-two': 'a, b' } });
    await served;
    await expect(lab.request({ host, url: 'http://some.name:8080/' })).rejects.toMatchObject({ code: 'AMP_LAB_REQUEST' });
  });

  it(
    'keeps its files over a reboot and a power cut, and nothing else',
    async () => {
      const machineId = await host.readFile('/etc/machine-id');
      for (const again of [() => host.reboot(), () => host.powerCut()]) {
        await host.mustExec('bash', [
          '-c',
          'echo kept >/root/kept; ip link add left type bridge; mkdir -p /sys/fs/cgroup/memory/left /sys/fs/cgroup/left',
        ]);
        const before = await host.readFile('/proc/sys/kernel/random/boot_id');
        await again();
        expect(before).not.toBe('');
        expect(await host.readFile('/root/kept')).toBe('kept\n');
        expect(await host.readFile('/etc/machine-id')).toBe(machineId);
        expect(await host.readFile('/var/lib/ampoule/bundle/file')).toBe('carried over');
        expect((await host.exec('ip', ['link', 'show', 'left'])).code).toBe(1);
        expect((await host.exec('ls', ['/sys/fs/cgroup/memory/left'])).code).toBe(2);
        expect(await host.mustExec('systemctl', ['is-system-running'])).toBe('running\n');
      }
    },
    BOOT_MS,
  );

  it(
    'says that it is off',
    async () => {
      await host.stop();
      await expect(host.exec('true')).rejects.toMatchObject({ code: 'AMP_LAB_HOST_DOWN' });
      await host.boot();
    },
    BOOT_MS,
  );

  it(
    'is gone after close',
    async () => {
      expect(await leftovers(lab.run)).not.toEqual([]);
      await lab.close();
      await lab.close();
      expect(await leftovers(lab.run)).toEqual([]);
    },
    BOOT_MS,
  );
});

describe('a lab whose process ends', () => {
  it.each(['SIGTERM', 'SIGKILL'] as const)(
    'is gone after %s',
    async (signal) => {
      const child = spawn(process.execPath, [join(import.meta.dirname, 'lab.fixture.ts')], { stdio: ['ignore', 'pipe', 'inherit'] });
      const [run] = await once(child.stdout.setEncoding('utf8'), 'data');
      expect(await leftovers(run.trim())).not.toEqual([]);
      child.kill(signal);
      await once(child, 'exit');
      // A killed process cannot clean up; the next lab does it.
      if (signal === 'SIGKILL') await (await openLab()).close();
      expect(await leftovers(run.trim())).toEqual([]);
    },
    BOOT_MS,
  );
});
