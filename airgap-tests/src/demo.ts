import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { createPrinter, formatBytes } from '@ampoule/lib/print';
import { buildBundle } from './bundle.ts';
import { openLab } from './lab/lab.ts';
import { type Figures, measureTrip, type Trip } from './measure.ts';

const { values } = parseArgs({ options: { keep: { type: 'boolean', default: false }, json: { type: 'string' } } });
const printer = createPrinter({ json: false });
const started = performance.now();
const say = (text: string) => printer.line(`[${((performance.now() - started) / 1000).toFixed(1).padStart(6)} s] ${text}`);

async function demo(): Promise<void> {
  say('building the bundle');
  const bundle = await buildBundle(say);
  say(`${bundle.file}: ${formatBytes(bundle.bytes)}, signed by ${bundle.fingerprint}`);
  const lab = await openLab({ onProgress: say });
  try {
    say('booting a sealed host');
    const host = await lab.createHost({ name: 'ampoule' });
    await host.boot();
    const proof = await host.proveSealed();
    say(
      `sealed: none of ${proof.tried} addresses and names outside answers, while a listener inside the seal does (${proof.milliseconds} ms)`,
    );
    const trip = await measureTrip(lab, host, bundle, say);
    if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify(trip.figures, null, 2)}\n`);
    if (values.keep) await lab.keep();
    printer.line(summary(trip, await host.shellCommand(), lab.run));
  } finally {
    if (!values.keep) await lab.close();
  }
}

function summary({ figures, answer, url }: Trip, shell: string[], run: string): string {
  const row = (name: string, value: string) => `  ${name.padEnd(34)} ${value}`;
  const seconds = (name: string, value: number) => row(name, `${value.toFixed(1)} s`);
  const { bundleBytes, preflightSeconds, installSeconds, deploySeconds, callSeconds, firstAnswerSeconds, steps }: Figures = figures;
  const kept = values.keep
    ? [row('A shell in the host', shell.join(' ')), row('Take it all down', `node airgap-tests/setup.mjs down ${run}`)]
    : ['  The host is gone again; run "npm run demo -- --keep" to keep it up and open a shell in it.'];
  return [
    '',
    'Done.',
    row('Bundle', formatBytes(bundleBytes)),
    seconds('Preflight', preflightSeconds),
    seconds('Install', installSeconds),
    ...Object.entries(steps).map(([step, value]) => seconds(`  ${step}`, value)),
    seconds('Code to ready function', deploySeconds),
    seconds('First call', callSeconds),
    seconds('Start of install to first answer', firstAnswerSeconds),
    row('Function', url),
    row('Answer', JSON.stringify(answer)),
    ...kept,
  ].join('\n');
}

try {
  await demo();
} catch (error) {
  printer.error(error);
  process.exitCode = 1;
}
