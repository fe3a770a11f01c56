import { readFile } from 'node:fs/promises';
import { codeOf, messageOf } from '@ampoule/lib/errors';
import { libError } from '@ampoule/lib/lib-errors';
import { parseYaml } from '@ampoule/lib/yaml';
import { dump } from 'js-yaml';
import { type InstallConfig, installConfigSchema, type ResolvedConfig } from '../config.ts';
import type { Host } from '../host/host.ts';
import { detectNodeAddress } from '../host/network.ts';
import { readHostname, resolveConfig } from '../host/resolve-config.ts';
import { paths } from '../paths.ts';
import { installError } from './errors.ts';
import { writeFiles } from './files.ts';

/** Stands for an address that cannot be found; no check of the preflight lets it pass. */
const NO_ADDRESS = '0.0.0.0';

/** The answers of a YAML file. @throws AMP_INPUT_INVALID with every mistake */
export async function readAnswers(file: string): Promise<InstallConfig> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw libError('AMP_INPUT_INVALID', {
      what: `${file} cannot be read`,
      why: messageOf(error),
      fix: 'Give the path of a YAML file with answers.',
    });
  });
  return parseYaml(installConfigSchema, text.trim() === '' ? '{}' : text, file);
}

/** The answers that this host was installed with; undefined when it was not. @throws AMP_INPUT_INVALID */
export async function installedAnswers(host: Pick<Host, 'readText'>): Promise<InstallConfig | undefined> {
  const text = await host.readText(paths.answers);
  return text === undefined ? undefined : parseYaml(installConfigSchema, text, paths.answers);
}

/**
 * The answers of this install: those given, else those that the host was installed with, else the defaults. An address or a
 * name that the host lacks is left to the preflight, which tells of all that is wrong at once.
 * @throws AMP_INPUT_INVALID, AMP_INSTALL_CONFIG_CHANGED
 */
export async function resolveAnswers(given: InstallConfig | undefined, host: Host): Promise<ResolvedConfig> {
  const installed = await installedAnswers(host);
  const answers = given ?? installed ?? installConfigSchema.parse({});
  const resolved = await complete({ ...answers, nodeAddress: answers.nodeAddress ?? installed?.nodeAddress }, host);
  const changed = installed === undefined ? [] : differences(installed, resolved);
  if (changed.length === 0) return resolved;
  throw installError('AMP_INSTALL_CONFIG_CHANGED', {
    what: 'The answers differ from those of the install on this host',
    why: changed.join('\n'),
    fix: `Give the answers of ${paths.answers}, or uninstall first.`,
  });
}

/** Notes down the answers, so that a later run needs none. */
export async function saveAnswers(config: ResolvedConfig, file: string = paths.answers): Promise<void> {
  const { nodeAddress, podCidr, serviceCidr, hostname } = config;
  await writeFiles([{ path: file, contents: dump({ nodeAddress, podCidr, serviceCidr, hostname }), mode: 0o644 }]);
}

async function complete(answers: InstallConfig, host: Host): Promise<ResolvedConfig> {
  try {
    return await resolveConfig(answers, host);
  } catch (error) {
    if (!['AMP_HOST_ADDRESS_UNKNOWN', 'AMP_HOST_NAME_UNKNOWN'].includes(codeOf(error) ?? '')) throw error;
    const nodeAddress = answers.nodeAddress ?? (await detectNodeAddress(host))?.address ?? NO_ADDRESS;
    return { ...answers, nodeAddress, nodeName: await readHostname(host) };
  }
}

function differences(before: InstallConfig, now: ResolvedConfig): string[] {
  const names = ['nodeAddress', 'podCidr', 'serviceCidr', 'hostname'] as const;
  return names.filter((name) => before[name] !== now[name]).map((name) => `${name}: ${before[name]} on this host, ${now[name]} asked for`);
}
