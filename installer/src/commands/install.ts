import { Bundle } from '@ampoule/bundle/layout';
import { errorJson, type Printer } from '@ampoule/lib/print';
import { createHost, type Host } from '../host/host.ts';
import { installedAnswers, readAnswers } from '../install/answers.ts';
import { installError } from '../install/errors.ts';
import {
  type InstallResult,
  type PreparedInstall,
  prepareInstall,
  requireConfirmed,
  requirePassed,
  runInstall,
} from '../install/install.ts';
import { lockHost } from '../install/lock.ts';
import type { InstallEvent } from '../install/runner.ts';
import { paths } from '../paths.ts';
import { aborted, askAnswers, confirmInstall } from './ask.ts';
import { untilInterrupted } from './interrupt.ts';
import { createInstallLog } from './log.ts';
import { createWorkView, jsonLine, prepareView } from './show.ts';
import { checkRows, planTable, preflightTable } from './tables.ts';

export interface InstallFlags {
  bundle: string;
  config?: string;
  publicKey?: string;
  yes?: boolean;
  dryRun?: boolean;
}

/** `ampoule install`. With `json` it prints a line of JSON for each event; the last is `installed` or `failed`. */
export async function install(flags: InstallFlags, printer: Printer, json: boolean, host: Host = createHost()): Promise<void> {
  if (flags.dryRun === true) return showPlan(await prepare(flags, printer, host, { ask: false, lock: false, json }), printer);
  const ask = !json && flags.yes !== true && process.stdin.isTTY && process.stdout.isTTY;
  try {
    const prepared = await untilInterrupted(aborted, () => prepare(flags, printer, host, { ask, lock: true, json }));
    if (json) jsonLine({ event: 'preflight', checks: prepared.checks });
    showPreflight(prepared, printer);
    requirePassed(prepared.checks);
    if (ask) await confirmInstall(prepared, printer);
    else if (flags.yes !== true) requireConfirmed(prepared);
    await carryOut(prepared, printer, json);
  } catch (error) {
    if (!json) throw error;
    jsonLine({ event: 'failed', error: errorJson(error) });
    process.exitCode = 1;
  }
}

async function prepare(
  flags: InstallFlags,
  printer: Printer,
  host: Host,
  { ask, lock, json }: { ask: boolean; lock: boolean; json: boolean },
): Promise<PreparedInstall> {
  const bundle = await Bundle.open(flags.bundle);
  // From here on the answers and the host stay as they are read.
  if (lock) await lockHost();
  const { name, version, architecture, createdAt } = bundle.manifest;
  printer.line(`${name} ${version} for ${architecture}, made ${createdAt.slice(0, 16).replace('T', ' ')} UTC`);
  const answers = flags.config === undefined ? await askWhereNew(host, ask) : await readAnswers(flags.config);
  const view = prepareView(json);
  const prepared = await prepareInstall({ bundle, host, answers, publicKey: flags.publicKey }, view).finally(view.stop);
  printer.line(`Signed by ${prepared.fingerprint}`);
  printer.line(
    prepared.unconfirmed
      ? '  This key came with the bundle: compare the fingerprint with the one that its maker gave you.'
      : '  This is the key that this site trusts.',
  );
  return prepared;
}

/** A host that has answers already is not asked again. */
async function askWhereNew(host: Host, ask: boolean) {
  return ask && (await installedAnswers(host)) === undefined ? askAnswers(host) : undefined;
}

function showPlan({ checks, plan }: PreparedInstall, printer: Printer): void {
  printer.line(preflightTable(checks));
  printer.line(planTable(plan));
  printer.result({ checks, plan });
}

async function carryOut(prepared: PreparedInstall, printer: Printer, json: boolean): Promise<void> {
  const view = createWorkView(printer, { json });
  const log = createInstallLog(paths.logs, prepared.context.host);
  try {
    const show = (event: InstallEvent) => {
      view.event(event);
      log.event(event);
    };
    const result = await untilInterrupted(interrupted, () => runInstall(prepared, show));
    view.stop();
    showResult(result, printer, json, prepared);
  } catch (error) {
    view.stop();
    log.failed(error);
    throw error;
  } finally {
    await log.written();
  }
}

function interrupted() {
  return installError('AMP_INSTALL_INTERRUPTED', {
    what: 'The install was stopped in the middle; what is done stays',
    fix: 'Run the same command again: it goes on where it stopped. To take away what is there, run "ampoule uninstall --yes".',
  });
}

function showPreflight({ checks, seconds }: PreparedInstall, printer: Printer): void {
  const notable = checks.filter(({ status }) => status !== 'pass');
  printer.line(`Preflight: ${checks.length - notable.length} of ${checks.length} checks passed in ${seconds.preflight.toFixed(1)} s`);
  if (notable.length > 0) printer.line(checkRows(notable));
}

function showResult(result: InstallResult, printer: Printer, json: boolean, { seconds, plan }: PreparedInstall): void {
  if (json) jsonLine({ event: 'installed', ...result, seconds });
  printer.line(
    `\nThe appliance is ready after ${result.actualSeconds.toFixed(1)} s; ${plan.predictedSeconds.toFixed(1)} s were predicted.`,
  );
  printer.line(`  Dashboard  ${result.url}`);
  printer.line(`  Trust      ${result.trust}`);
  printer.line(`  Token      dashboardToken in ${result.secrets}`);
  printer.line('  Next       ampoule status');
}
