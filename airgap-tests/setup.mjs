// The way into the project on a fresh machine: checks and installs what is needed, then runs a verb on the project's own Node.js.
// Only what Node.js 20 brings may be used here; there is no node_modules yet.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join, resolve } from 'node:path';
import { runTests } from './setup/tests.mjs';

const repository = resolve(import.meta.dirname ?? new URL('.', import.meta.url).pathname, '..');
const node26 = join(repository, 'node_modules', '.bin', 'node');
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];
const MINIMUM = { node: [20, 0], go: [1, 26] };

const DEBIAN_PACKAGES = {
  maven: 'fetches the Java packages of the bundle',
  mmdebstrap: 'makes the root file systems of the sealed hosts',
  'systemd-container': 'boots the sealed hosts (systemd-nspawn)',
  nftables: 'shows the packet filter of a sealed host from outside',
  pkgconf: 'finds the C library that runc is linked with',
  gcc: 'compiles the parts of runc that are in C',
  'libc6-dev': 'runc is linked statically with it',
  zstd: 'compresses the bundle and reads Debian packages',
  curl: 'sends requests to the sealed hosts from their own network',
  'ca-certificates': 'checks downloads, and goes into the images',
  git: 'a server of repositories for the tests of the builder',
  gpgv: 'checks the signatures of the Debian archive',
  'debian-archive-keyring': 'the keys of the Debian archive',
  iproute2: 'makes the networks of the sealed hosts',
  procps: 'sets the network switches of the sealed hosts (sysctl)',
  'xz-utils': 'reads Debian packages',
  python3: 'runs Python functions in the tests of the processor',
  mosquitto: 'an MQTT broker for the tests of triggers',
  'python3-pip': 'fetches the Python packages of the bundle',
  'rabbitmq-server': 'a RabbitMQ for the tests of triggers',
  'default-jdk-headless': 'links the Java machine of the bundle, compiles our Java, runs Kafka for the tests of triggers',
  openssl: 'makes certificates for the tests',
  wrk: 'puts load on servers in the benchmarks',
  'python3-aiohttp': 'a yardstick of the benchmarks',
  'python3-uvicorn': 'a yardstick of the benchmarks',
};

/** Debian starts these once they are installed, now and at each boot; the tests start their own. */
const SERVICES = { mosquitto: ['mosquitto.service'], 'rabbitmq-server': ['rabbitmq-server.service', 'epmd.service', 'epmd.socket'] };
/** Debian asks this program whether a service may be started. */
const POLICY = '/usr/sbin/policy-rc.d';

// Each verb gets the arguments that follow it.
const VERBS = {
  demo: (args) => run(node26, ['airgap-tests/src/demo.ts', ...args]),
  bench: (args) => run(node26, ['airgap-tests/src/bench/main.ts', ...args]),
  bundle: (args) => run(node26, ['bundle/src/main.ts', 'bundle', ...(args.length === 0 ? ['create'] : args)]),
  down: (args) => run(node26, ['airgap-tests/src/down.ts', ...args]),
  test: (args) => runTests({ run, node: node26, repository, args, removeDeadHosts }),
};

/** Says all that is missing at once. */
function checkMachine() {
  const missing = [];
  if (process.platform !== 'linux' || process.arch !== 'x64') missing.push('Linux on amd64: run this on such a machine.');
  if (process.getuid?.() !== 0) missing.push('root: run this as root, for example with `sudo --preserve-env=PATH npm ...`.');
  if (!found('apt-get') || !found('dpkg-query')) missing.push('apt: run this on Debian 12 or newer, or a distribution made from it.');
  if (!atLeast(process.versions.node, MINIMUM.node))
    missing.push(`Node.js 20 or newer (this is ${process.versions.node}): install it from nodejs.org.`);
  if (!found('npm')) missing.push('npm: it comes with Node.js; put it into PATH.');
  const go = spawnSync('go', ['version'], { encoding: 'utf8' }).stdout?.match(/go(\d+\.\d+\S*)/)?.[1];
  if (go === undefined) missing.push('Go 1.26 or newer: install it from go.dev and put its bin directory into PATH.');
  else if (!atLeast(go, MINIMUM.go)) missing.push(`Go 1.26 or newer (this is ${go}): install it from go.dev.`);
  if (missing.length === 0) return;
  fail(`This machine lacks:\n${missing.map((each) => `  - ${each}`).join('\n')}`);
}

function found(program) {
  return (process.env.PATH ?? '').split(':').some((directory) => existsSync(join(directory, program)));
}

function atLeast(version, [major, minor]) {
  const [ownMajor = 0, ownMinor = 0] = version.split('.').map((part) => Number.parseInt(part, 10));
  return ownMajor > major || (ownMajor === major && ownMinor >= minor);
}

async function installPackages() {
  const wanted = Object.keys(DEBIAN_PACKAGES);
  // biome-ignore lint/suspicious/noTemplateCurlyInString: these are placeholders of dpkg-query
  const query = spawnSync('dpkg-query', ['-W', '-f', '${db:Status-Status} ${Package}\n', ...wanted], { encoding: 'utf8' });
  const present = new Set(query.stdout.split('\n').map((line) => /^installed (.*)$/.exec(line)?.[1]));
  const missing = wanted.filter((name) => !present.has(name));
  if (missing.length === 0) return;
  say('Installing Debian packages:');
  for (const name of missing) say(`  ${name}: ${DEBIAN_PACKAGES[name]}`);
  if (!existsSync(POLICY)) {
    writeFileSync(POLICY, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
    process.once('exit', () => rmSync(POLICY, { force: true }));
  }
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  const apt = ['apt-get', '--quiet', '--assume-yes', '--no-install-recommends'];
  for (const args of [['update'], ['install', ...missing]]) {
    const code = await run(apt[0], [...apt.slice(1), ...args], env);
    if (code !== 0) fail(`apt-get ${args[0]} ended with code ${code}. Mend what it names above, then run this again.`);
  }
  const services = missing.flatMap((name) => SERVICES[name] ?? []);
  if (services.length > 0 && found('systemctl')) spawnSync('systemctl', ['disable', '--quiet', ...services]);
}

async function installModules() {
  const lock = createHash('sha256')
    .update(readFileSync(join(repository, 'package-lock.json')))
    .digest('hex');
  const stamp = join(repository, 'node_modules', '.ampoule-lock');
  if (existsSync(node26) && existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return;
  say('Installing npm packages');
  const code = await run('npm', ['ci', '--no-audit', '--no-fund']);
  if (code !== 0) fail(`npm ci ended with code ${code}. Mend what it names above, then run this again.`);
  writeFileSync(stamp, lock);
}

/** Runs a program in the repository with this terminal and gives its exit code. Signals reach it, so that it can clean up. */
function run(program, args, env = {}) {
  return new Promise((resolve) => {
    const child = spawn(program, args, { cwd: repository, stdio: 'inherit', env: { ...process.env, ...env } });
    // A terminal sends its interrupt to all processes itself; a second one would mean "at once" to some.
    const fromTerminal = [process.stdin, process.stdout, process.stderr].some((stream) => stream.isTTY);
    let stopped;
    const onSignal = (signal) => {
      stopped = signal;
      if (signal !== 'SIGINT' || !fromTerminal) child.kill(signal);
    };
    for (const signal of SIGNALS) process.on(signal, onSignal);
    const end = (code) => {
      for (const signal of SIGNALS) process.off(signal, onSignal);
      resolve(code);
    };
    child.on('error', (error) => {
      process.stderr.write(`${program} cannot be started: ${error.message}\n`);
      end(127);
    });
    child.on('exit', (code, signal) => {
      // What was stopped on purpose is not followed by the next step.
      if (stopped !== undefined) {
        removeDeadHosts();
        process.exit(128 + constants.signals[stopped]);
      }
      end(code ?? 128 + (constants.signals[signal] ?? 0));
    });
  });
}

/** What was killed before it could clean up is cleaned up after. */
function removeDeadHosts() {
  if (existsSync(node26)) spawnSync(node26, ['airgap-tests/src/down.ts', '--dead'], { cwd: repository, stdio: 'inherit' });
}

function say(text) {
  process.stdout.write(`${text}\n`);
}

function fail(text) {
  process.stderr.write(`${text}\n`);
  process.exit(1);
}

const [verb = '', ...args] = process.argv.slice(2);
if (!Object.hasOwn(VERBS, verb)) fail(`Usage: node airgap-tests/setup.mjs ${Object.keys(VERBS).join('|')} [arguments]`);
checkMachine();
await installPackages();
await installModules();
process.exitCode = await VERBS[verb](args);
