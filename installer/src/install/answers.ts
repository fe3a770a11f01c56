import { readFile } from 'node:fs/promises';
import { messageOf } from '@ampoule/lib/errors';
import { libError } from '@ampoule/lib/lib-errors';
import { parseYaml } from '@ampoule/lib/parse';
import { dump } from 'js-yaml';
import { type InstallConfig, installConfigSchema, type ResolvedConfig } from '../config.ts';
import type { Host } from '../host/host.ts';
import { resolveConfig } from '../host/resolve-config.ts';
import { paths } from '../paths.ts';
import { readIfThere } from '../pki/files.ts';
import { installError } from './errors.ts';
import { writeFiles } from './files.ts';

/**
 * The answers of this install: those of the file given, else those that the host was installed with, else the defaults.
 * @throws AMP_INPUT_INVALID, AMP_INSTALL_CONFIG_CHANGED
 */
export async function resolveAnswers(file: string | undefined, host: Host): Promise<ResolvedConfig> {
  const saved = await readIfThere(paths.answers);
  const given = file === undefined ? undefined : await readAnswers(file);
  const installed = saved === undefined ? undefined : parseYaml(installConfigSchema, saved, paths.answers);
  const resolved = await resolveConfig(given ?? installed ?? installConfigSchema.parse({}), host);
  const changed = installed === undefined ? [] : differences(installed, resolved);
  if (changed.length === 0) return resolved;
  throw installError('AMP_INSTALL_CONFIG_CHANGED', {
    what: 'The answers differ from those of the install on this host',
    why: changed.join('\n'),
    fix: `Give the answers of ${paths.answers}, or uninstall first.`,
  });
}

/** Notes down the answers, so that a later run needs none. */
export async function saveAnswers({ nodeAddress, podCidr, serviceCidr, hostname }: ResolvedConfig): Promise<void> {
  await writeFiles([{ path: paths.answers, contents: dump({ nodeAddress, podCidr, serviceCidr, hostname }), mode: 0o644 }]);
}

async function readAnswers(file: string): Promise<InstallConfig> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw libError('AMP_INPUT_INVALID', {
      what: `${file} cannot be read`,
      why: messageOf(error),
      fix: 'Give the path of a YAML file with answers.',
    });
  });
  return parseYaml(installConfigSchema, text.trim() === '' ? '{}' : text, file);
}

function differences(before: InstallConfig, now: ResolvedConfig): string[] {
  const names = ['nodeAddress', 'podCidr', 'serviceCidr', 'hostname'] as const;
  return names.filter((name) => before[name] !== now[name]).map((name) => `${name}: ${before[name]} on this host, ${now[name]} asked for`);
}
