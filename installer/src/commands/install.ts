import { Bundle } from '@ampoule/bundle/layout';
import { formatBytes, type Printer } from '@ampoule/lib/print';
import inquirer from 'inquirer';
import { installError } from '../install/errors.ts';
import { type InstallResult, type PreparedInstall, prepareInstall, requirePassed, runInstall } from '../install/install.ts';
import { createWorkView } from './show.ts';
import { planTable, preflightTable } from './tables.ts';

export interface InstallFlags {
  bundle: string;
  config?: string;
  publicKey?: string;
  yes?: boolean;
  dryRun?: boolean;
}

/** `ampoule install` */
export async function install(flags: InstallFlags, printer: Printer, json: boolean): Promise<void> {
  const bundle = await Bundle.open(flags.bundle);
  printer.line(`${bundle.manifest.name} ${bundle.manifest.version} for ${bundle.manifest.architecture}, made ${bundle.manifest.createdAt}`);
  const prepared = await prepareInstall({ bundle, config: flags.config, publicKey: flags.publicKey });
  printer.line(
    `Signed by ${prepared.fingerprint}${prepared.unconfirmed ? ' (key of the bundle itself: compare it with what its maker published)' : ''}`,
  );
  if (flags.dryRun === true) {
    printer.line(preflightTable(prepared.checks));
    printer.line(planTable(prepared.plan));
    printer.result({ checks: prepared.checks, plan: prepared.plan });
    return;
  }
  showPreflight(prepared, printer);
  requirePassed(prepared.checks);
  if (flags.yes !== true && process.stdin.isTTY) await confirm(prepared, printer);
  const view = createWorkView(printer, { json });
  try {
    showResult(await runInstall(prepared, view.event), printer, json, prepared);
  } finally {
    view.stop();
  }
}

function showPreflight({ checks, seconds }: PreparedInstall, printer: Printer): void {
  const notable = checks.filter(({ status }) => status !== 'pass');
  printer.line(`Preflight: ${checks.length - notable.length} of ${checks.length} checks passed in ${seconds.preflight.toFixed(1)} s`);
  if (notable.length > 0) printer.line(preflightTable(notable));
}

async function confirm({ plan, unconfirmed, context }: PreparedInstall, printer: Printer): Promise<void> {
  printer.line(planTable(plan));
  const message = `${unconfirmed ? 'Is the fingerprint the right one, and shall' : 'Shall'} the appliance be installed on ${context.config.nodeName} (${context.config.nodeAddress})?`;
  const { goOn } = await inquirer.prompt([{ type: 'confirm', name: 'goOn', message, default: false }]);
  if (goOn === true) return;
  throw installError('AMP_INSTALL_ABORTED', {
    what: 'The install was not confirmed; nothing was changed',
    fix: 'Run "ampoule install" again when you are ready.',
  });
}

function showResult(result: InstallResult, printer: Printer, json: boolean, { seconds, plan }: PreparedInstall): void {
  if (json) process.stdout.write(`${JSON.stringify({ event: 'installed', ...result, seconds })}\n`);
  printer.line(
    `\nThe appliance is ready after ${result.actualSeconds.toFixed(1)} s (predicted ${plan.predictedSeconds.toFixed(1)} s, ${formatBytes(plan.bytes)}).`,
  );
  printer.line(`  Dashboard  ${result.url}`);
  printer.line(`  Trust      ${result.trust}`);
  printer.line(`  Token      dashboardToken in ${result.secrets}`);
  printer.line('  Next       ampoule status');
}
