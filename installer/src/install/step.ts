import type { Bundle } from '@ampoule/bundle/layout';
import type { ResolvedConfig } from '../config.ts';
import type { Host } from '../host/host.ts';
import type { HostTraits } from '../host/traits.ts';
import type { Undoable } from '../uninstall/model.ts';

/** What every step may use. */
export interface InstallContext {
  bundle: Bundle;
  config: ResolvedConfig;
  host: Host;
  traits: HostTraits;
  /** PEM file of the key that signed the bundle and that the operator trusts. */
  trustedKey: string;
}

/** Tells how far a step is; bytes when it moves bytes. */
export type StepProgress = (message: string, done?: number, total?: number) => void;

/**
 * One unit of the install. It can be killed at any moment and run again: `apply` brings the host from any state
 * that an earlier try left to the wanted one, `check` tells whether it is there already, and `undo` takes it away.
 */
export interface Step extends Undoable {
  /** Files and folders that it writes. */
  writes: readonly string[];
  /** Bytes that it writes for this bundle. */
  bytes(context: InstallContext): Promise<number>;
  /** Seconds on a host with two cores and a disk of 300 MB/s. */
  predictedSeconds: number;
  check(context: InstallContext): Promise<boolean>;
  apply(context: InstallContext, progress: StepProgress): Promise<void>;
}
