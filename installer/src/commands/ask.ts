import type { Printer } from '@ampoule/lib/print';
import inquirer from 'inquirer';
import { type InstallConfig, installConfigSchema } from '../config.ts';
import type { Host } from '../host/host.ts';
import { detectNodeAddress } from '../host/network.ts';
import { installError } from '../install/errors.ts';
import type { PreparedInstall } from '../install/install.ts';
import { planTable } from './tables.ts';

/** What asks; tests give one that has a terminal of its own. */
type Prompt = typeof inquirer.prompt;

const messages = {
  nodeAddress: 'Address of this host in the cluster',
  hostname: 'Name of the dashboard and the functions',
  podCidr: 'Network of the pods',
  serviceCidr: 'Network of the services',
} as const satisfies Record<keyof InstallConfig, string>;

/** Asks for the answers that an install needs, each with its default. @throws AMP_INSTALL_ABORTED */
export async function askAnswers(host: Host, prompt: Prompt = inquirer.prompt): Promise<InstallConfig> {
  const defaults: InstallConfig = { ...installConfigSchema.parse({}), nodeAddress: (await detectNodeAddress(host))?.address };
  const names = Object.keys(messages) as (keyof InstallConfig)[];
  const questions = names.map((name) => ({
    type: 'input' as const,
    name,
    message: messages[name],
    ...(defaults[name] === undefined ? {} : { default: defaults[name] }),
    validate: (value: string) => judge(name, value),
  }));
  return installConfigSchema.parse(await orAbort(prompt<Record<string, string>>(questions)));
}

/** Shows the plan and asks whether to go on. @throws AMP_INSTALL_ABORTED */
export async function confirmInstall(
  { plan, fingerprint, unconfirmed, context }: PreparedInstall,
  printer: Printer,
  prompt: Prompt = inquirer.prompt,
): Promise<void> {
  printer.line(`\n${planTable(plan)}\n`);
  if (unconfirmed) {
    // The plan is long: what is asked about is shown where it is asked.
    printer.line(`The key that signed came with the bundle. Its fingerprint is\n  ${fingerprint}`);
    if (!(await confirmed('Is this the fingerprint that the maker of the bundle gave you?', prompt))) throw aborted();
  }
  const { nodeName, nodeAddress } = context.config;
  if (!(await confirmed(`Install the appliance on ${nodeName} (${nodeAddress})?`, prompt))) throw aborted();
}

async function confirmed(message: string, prompt: Prompt): Promise<boolean> {
  const { yes } = await orAbort(prompt<{ yes: boolean }>([{ type: 'confirm', name: 'yes', message, default: false }]));
  return yes;
}

/** True, or what is wrong with an answer. */
function judge(name: keyof InstallConfig, value: string): true | string {
  const result = installConfigSchema.shape[name].safeParse(value.trim());
  return result.success || (result.error.issues[0]?.message ?? 'is not valid');
}

/** A person who presses Ctrl-C has answered. */
async function orAbort<Answers>(answers: Promise<Answers>): Promise<Answers> {
  try {
    return await answers;
  } catch (error) {
    if (error instanceof Error && error.name === 'ExitPromptError') throw aborted();
    throw error;
  }
}

/** A person did not want to go on, before anything was changed. */
export function aborted() {
  return installError('AMP_INSTALL_ABORTED', {
    what: 'The install was not confirmed; nothing was changed',
    fix: 'Run "ampoule install" again when you are ready.',
  });
}
