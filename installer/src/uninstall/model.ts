import type { Host } from '../host/host.ts';
import type { HostBefore } from '../host/host-before.ts';

export interface Removal {
  kind: 'service' | 'process' | 'mount' | 'interface' | 'route' | 'nft-table' | 'cgroup' | 'file' | 'setting';
  name: string;
}

export interface Problem {
  step: string;
  reason: string;
}

export interface UninstallReport {
  removed: Removal[];
  /** What could not be removed. While there is something, the journal and the programs stay, so that the uninstall can be run again. */
  problems: Problem[];
}

export interface UninstallProgress {
  step: string;
  title: string;
  index: number;
  total: number;
}

export interface UndoContext {
  host: Host;
  before: HostBefore;
  /** The install came so far that what Kubernetes left at its fixed places is Ampoule's. */
  owned: boolean;
  removed(kind: Removal['kind'], name: string): void;
  problem(reason: string): void;
}

/** What the uninstall needs of a step of the install. */
export interface Undoable {
  id: string;
  title: string;
  /**
   * Takes away what the step put on the host, and what the programs that it started have made there since. The steps after it are
   * undone already. It finds no more than what is there, so that it can be killed and run again.
   */
  undo(context: UndoContext): Promise<void>;
}
