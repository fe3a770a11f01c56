import { mkdir } from 'node:fs/promises';
import type { Bundle } from '@ampoule/bundle/layout';
import { verifyBundle } from '@ampoule/bundle/verify';
import type { InstallConfig, ResolvedConfig } from '../config.ts';
import type { Host } from '../host/host.ts';
import { detectTraits } from '../host/traits.ts';
import { paths } from '../paths.ts';
import { type CheckResult, runPreflight } from '../preflight/index.ts';
import { ensureSecrets } from '../secrets.ts';
import { resolveAnswers, saveAnswers } from './answers.ts';
import { installError } from './errors.ts';
import { Journal } from './journal.ts';
import { installSteps, type Plan, planInstall } from './plan.ts';
import { type InstallEvent, runSteps, type StepReport } from './runner.ts';
import type { InstallContext } from './step.ts';
import { rememberKey, trustedKey } from './trust.ts';
import { finishUndoing } from './uninstall.ts';

export interface InstallOptions {
  bundle: Bundle;
  host: Host;
  /** Answers of a file or a person; those of the earlier install or the defaults when absent. */
  answers?: InstallConfig | undefined;
  /** PEM file of the key to trust. */
  publicKey?: string | undefined;
}

/** Everything that is known before the first change: a verified bundle, a judged host, a plan. */
export interface PreparedInstall {
  context: InstallContext;
  fingerprint: string;
  /** The key came with the bundle: a person must compare its fingerprint. */
  unconfirmed: boolean;
  checks: CheckResult[];
  plan: Plan;
  seconds: { verify: number; preflight: number };
}

/** Told how far the preparation is. */
export interface PrepareProgress {
  verify?(doneBytes: number, totalBytes: number): void;
  /** The preflight begins. */
  preflight?(): void;
}

export interface InstallResult {
  url: string;
  /** File with the token of the dashboard's API. */
  secrets: string;
  /** File with the certificate that clients must trust. */
  trust: string;
  steps: StepReport[];
  predictedSeconds: number;
  actualSeconds: number;
}

/** Verifies the bundle, resolves the answers, runs the preflight and makes the plan. Changes nothing. @throws AMP_BUNDLE_*, AMP_INPUT_INVALID */
export async function prepareInstall(
  { bundle, host, answers, publicKey }: InstallOptions,
  progress: PrepareProgress = {},
): Promise<PreparedInstall> {
  const key = await trustedKey(bundle, publicKey, host);
  const [verified, verify] = await timed(() =>
    verifyBundle(bundle, { publicKey: key.file, ...(progress.verify === undefined ? {} : { onProgress: progress.verify }) }),
  );
  const resolved = await resolveAnswers(answers, host);
  progress.preflight?.();
  const [checks, preflight] = await timed(() => checkHost(bundle, resolved, host));
  const context: InstallContext = { bundle, config: resolved, host, traits: await detectTraits(host), trustedKey: key.file };
  return {
    context,
    fingerprint: verified.fingerprint,
    unconfirmed: key.unconfirmed,
    checks,
    plan: await planInstall(context),
    seconds: { verify, preflight },
  };
}

/** Runs the preflight for a bundle. */
export function checkHost({ manifest }: Bundle, config: ResolvedConfig, host: Host): Promise<CheckResult[]> {
  const needs = { createdAt: new Date(manifest.createdAt), installBytes: manifest.installBytes, architecture: manifest.architecture };
  return runPreflight({ config, host, needs });
}

/** @throws AMP_PREFLIGHT_FAILED naming every failed check and what to do */
export function requirePassed(checks: readonly CheckResult[]): void {
  const failed = checks.filter(({ status }) => status === 'fail');
  if (failed.length === 0) return;
  throw installError('AMP_PREFLIGHT_FAILED', {
    what: `${failed.length} of ${checks.length} checks of this host failed; nothing was changed`,
    why: failed.map(({ title, detail }) => `${title}: ${detail}`).join('\n'),
    fix: [...new Set(failed.map(({ fix }) => fix))].join(' '),
  });
}

/** Where there is nobody to ask. @throws AMP_INSTALL_UNCONFIRMED when the key came with the bundle */
export function requireConfirmed({ unconfirmed, fingerprint }: Pick<PreparedInstall, 'unconfirmed' | 'fingerprint'>): void {
  if (!unconfirmed) return;
  throw installError('AMP_INSTALL_UNCONFIRMED', {
    what: 'Nobody has confirmed the key that signed this bundle; nothing was changed',
    why: `the key came with the bundle, and there is no terminal to ask on; its fingerprint is\n  ${fingerprint}`,
    fix: "Give the maker's key with --public-key. Or compare the fingerprint yourself, then run this again with --yes.",
  });
}

/** Carries out a prepared install, or goes on with one that was cut short. The caller holds the host's lock. @throws AMP_INSTALL_* */
export async function runInstall({ context, plan }: PreparedInstall, onEvent: (event: InstallEvent) => void): Promise<InstallResult> {
  const started = performance.now();
  const journal = new Journal(paths.journal);
  await journal.append({ step: 'install', event: 'begin' });
  await finishUndoing(context.host);
  await mkdir(paths.config, { recursive: true, mode: 0o700 });
  await saveAnswers(context.config);
  await rememberKey(context.trustedKey);
  await ensureSecrets();
  const steps = await runSteps(installSteps, context, journal, onEvent);
  const actualSeconds = (performance.now() - started) / 1000;
  await journal.append({ step: 'install', event: 'done', seconds: actualSeconds });
  return {
    url: `https://${context.config.nodeAddress}/`,
    secrets: paths.secrets,
    trust: `${paths.pki}/trust.crt`,
    steps,
    predictedSeconds: plan.predictedSeconds,
    actualSeconds,
  };
}

async function timed<Value>(work: () => Promise<Value>): Promise<[Value, number]> {
  const started = performance.now();
  const value = await work();
  return [value, (performance.now() - started) / 1000];
}
