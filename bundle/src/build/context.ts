import { join } from 'node:path';
import type { LayerEntry } from '@ampoule/lib/oci/layer';
import type { SbomComponent } from '../sbom/types.ts';

export const architectures = ['amd64', 'arm64'] as const;
export type Architecture = (typeof architectures)[number];

/** Of the machine that builds. */
export const ownArchitecture: Architecture = process.arch === 'arm64' ? 'arm64' : 'amd64';

/** What bundle.yaml calls by other names on each architecture: its placeholders. */
export const platformNames: Record<Architecture, { architecture: Architecture; triplet: string; npmArch: string }> = {
  amd64: { architecture: 'amd64', triplet: 'x86_64-linux-gnu', npmArch: 'x64' },
  arm64: { architecture: 'arm64', triplet: 'aarch64-linux-gnu', npmArch: 'arm64' },
};

/** Tells a person what a long build is at. */
export type Progress = (component: string, message: string) => void;

export interface BuildContext {
  repository: string;
  architecture: Architecture;
  progress: Progress;
}

/** What a source gives: the files of a layer and where they come from. */
export interface SourceResult {
  entries: LayerEntry[];
  /** Changes exactly when the entries change. */
  key: string;
  origins: SbomComponent[];
}

/** The one ignored folder that holds every build cache. */
export function cacheFolder(context: Pick<BuildContext, 'repository'>, kind: string): string {
  return join(context.repository, '.cache', kind);
}
