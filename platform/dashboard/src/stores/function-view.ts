import { annotations } from '@ampoule/platform-api/constants';
import { type FunctionConfig, type FunctionStatus, functionSpecSchema, functionStatusSchema } from '@ampoule/platform-api/function';
import * as z from 'zod';
import { exportedOf, type Stored } from './resource-store.ts';

const withBuild = z.looseObject({ image: z.string().optional(), build: functionSpecSchema.shape.build });

export function functionStatusOf({ status }: Stored): FunctionStatus {
  return functionStatusSchema.parse(status);
}

/** A function as it moves to another cluster: so that it is taken in there but not run. */
export function exportedFunctionOf(stored: Stored): { metadata: Record<string, unknown>; spec: Record<string, unknown> } {
  const { metadata, spec } = exportedOf(stored);
  const added = {
    [annotations.skipBuild]: 'true',
    [annotations.skipDeploy]: 'true',
    ...(functionStatusOf(stored).state === undefined ? {} : { [annotations.previousState]: functionStatusOf(stored).state }),
  };
  return { metadata: { ...metadata, annotations: { ...stored.metadata.annotations, ...added } }, spec };
}

/** A function without what was made for this cluster: its registries, and the image that its source became. */
export function cleanedFunctionOf<T extends Stored>(stored: T): T {
  const { runRegistry, image, build, ...spec } = stored.spec as Record<string, unknown>;
  const parsed = withBuild.parse(stored.spec);
  const { registry, ...kept } = parsed.build ?? {};
  const ownImage = parsed.build?.functionSourceCode || parsed.image === undefined ? {} : { image };
  return { ...stored, spec: { ...spec, ...ownImage, ...(build === undefined ? {} : { build: kept }) } };
}

/** What a new version of a function keeps of the status of the old one, which goes on to serve until the new one does. */
export function statusAtStart(state: NonNullable<FunctionStatus['state']>, old: object = {}): object {
  return { ...old, state, message: '', logs: [] };
}

/** The annotations of an imported function that keep it from being run. */
const HOLDS: ReadonlySet<string> = new Set([annotations.skipBuild, annotations.skipDeploy, annotations.previousState]);

export function withoutHolds(all: FunctionConfig['metadata']['annotations']): Record<string, string> {
  return Object.fromEntries(Object.entries(all ?? {}).filter(([name]) => !HOLDS.has(name)));
}
