import type { ResolvedConfig } from '../config.ts';
import type { Host } from '../host/host.ts';

export type Status = 'pass' | 'warn' | 'fail';

export interface Outcome {
  status: Status;
  /** What was found. */
  detail: string;
  /** What to do about it. */
  fix?: string;
}

/** What the checks need to know of the bundle. */
export interface BundleNeeds {
  createdAt: Date;
  /** Bytes that the install writes below /var/lib/ampoule and /opt/ampoule. */
  installBytes: number;
  /** The part of `installBytes` that goes below /opt/ampoule, where that may be another disk. */
  programBytes?: number;
  architecture: 'amd64' | 'arm64';
}

export interface PreflightInput {
  config: ResolvedConfig;
  needs: BundleNeeds;
  host: Host;
}

/** One question about the host. It only reads. */
export interface Check {
  /** Stable, for example `network.default-route`. */
  id: string;
  title: string;
  run(input: PreflightInput): Promise<Outcome> | Outcome;
}

export interface CheckResult extends Outcome {
  id: string;
  title: string;
  durationMs: number;
}

export function pass(detail: string): Outcome {
  return { status: 'pass', detail };
}

export function warn(detail: string, fix: string): Outcome {
  return { status: 'warn', detail, fix };
}

export function fail(detail: string, fix: string): Outcome {
  return { status: 'fail', detail, fix };
}
