import type { TestProject } from 'vitest/node';
import { buildBundle } from '../src/bundle.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The bundle that every scenario carries to its host. */
    bundleFile: string;
  }
}

/** Builds the bundle once for all scenarios of a run. */
export async function setup(project: TestProject): Promise<void> {
  const { file } = await buildBundle(() => undefined);
  project.provide('bundleFile', file);
}
