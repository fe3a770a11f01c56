import { Bundle } from '@ampoule/bundle/layout';
import { errorJson, formatBytes, type Printer } from '@ampoule/lib/print';
import { createHost, type Host } from '../host/host.ts';
import { installedAnswers, readAnswers } from '../install/answers.ts';
import { type InstallResult, type PreparedInstall, prepareInstall, requirePassed, runInstall } from '../install/install.ts';
import { lockHost } from '../install/lock.ts';
import { paths } from '../paths.ts';
import { askAnswers, confirmInstall } from './ask.ts';
import { createInstallLog } from './log.ts';
import { createWorkView, jsonLine, verifyView } from './show.ts';
import { planTable, preflightTable } from './tables.ts';

export interface InstallFlags {
  bundle: string;
  config?: string;
  publicKey?: string;
  yes?: boolean;
  dryRun?: boolean;
}

/** `ampoule install`. With `json` it prints a line of JSON for each event; the last is `installed` or `failed`. */
export async function install(flags: InstallFlags, printer: Printer, json: boolean, host: Host = createHost()): Promise<void> {
  if (flags.dryRun === true) return showPlan(await prepare(flags, printer, host, { ask: false, lock: false }), printer);
  const ask = !json && flags.yes !== true && process.stdin.isTTY && process.stdout.isTTY;
  try {
    await carryOut(await prepare(flags, printer, host, { ask, lock: true }), printer, { ask, json });
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
  { ask, lock }: { ask: boolean; lock: boolean },
): Promise<PreparedInstall> {
  const bundle = await Bundle.open(flags.bundle);
  // From here on the answers and the host stay as they are read.
  if (lock) await lockHost();
  printer.line(`${bundle.manifest.name} ${bundle.manifest.version} for ${bundle.manifest.architecture}, made ${bundle.manifest.createdAt}`);
  const answers = flags.config === undefined ? await askWhereNew(host, ask) : await readAnswers(flags.config);
  const view = verifyView();
  const prepared = await prepareInstall({ bundle, host, answers, publicKey: flags.publicKey }, view.progress).finally(view.stop);
  printer.line(
    `Signed by ${prepared.fingerprint}${prepared.unconfirmed ? ' (key of the bundle itself: compare it with what its maker published)' : ''}`,
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

async function carryOut(prepared: PreparedInstall, printer: Printer, { ask, json }: { ask: boolean; json: boolean }): Promise<void> {
  if (json) jsonLine({ event: 'preflight', checks: prepared.checks });
  showPreflight(prepared, printer);
  requirePassed(prepared.checks);
  if (ask) await confirmInstall(prepared, printer);
  const view = createWorkView(printer, { json });
  const log = createInstallLog(paths.logs, prepared.context.host);
  try {
    const result = await runInstall(prepared, (event) => {
      view.event(event);
      log.event(event);
    });
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

function showPreflight({ checks, seconds }: PreparedInstall, printer: Printer): void {
  const notable = checks.filter(({ status }) => status !== 'pass');
  printer.line(`Preflight: ${checks.length - notable.length} of ${checks.length} checks passed in ${seconds.preflight.toFixed(1)} s`);
  if (notable.length > 0) printer.line(preflightTable(notable));
}

function showResult(result: InstallResult, printer: Printer, json: boolean, { seconds, plan }: PreparedInstall): void {
  if (json) jsonLine({ event: 'installed', ...result, seconds });
  printer.line(
    `\nThe appliance is ready after ${result.actualSeconds.toFixed(1)} s (predicted ${plan.predictedSeconds.toFixed(1)} s, ${formatBytes(plan.bytes)}).`,
  );
  printer.line(`  Dashboard  ${result.url}`);
  printer.line(`  Trust      ${result.trust}`);
  printer.line(`  Token      dashboardToken in ${result.secrets}`);
  printer.line('  Next       ampoule status');
}
