import { annotations } from '@ampoule/platform-api/constants';
import { functionSpecSchema } from '@ampoule/platform-api/function';
import { currentVersionOf, type FunctionVersion } from '@ampoule/platform-api/versions';
import { dashboardError } from '../errors.ts';
import { condition, ensureStable, type FunctionStore } from './function-store.ts';
import { statusAtStart, withoutHolds } from './function-view.ts';
import type { Stored } from './resource-store.ts';

/** The versions of a function as callers see them. @throws AMP_FUNCTION_NOT_FOUND */
export async function versionsOf(functions: FunctionStore, namespace: string, name: string) {
  const [current, versions] = await Promise.all([functions.get(namespace, name), functions.versionsOf(namespace, name)]);
  const now = currentOf(versions, current)?.version;
  return versions.map(({ version, createdAt, spec: { image = '', runtime = '', handler = '' } }) => ({
    version,
    createdAt,
    isCurrent: version === now,
    image,
    runtime,
    handler,
  }));
}

/**
 * Brings a function back to a version, with the image and the secrets of then; gives its number.
 * @throws AMP_FUNCTION_NOT_FOUND, AMP_VERSION_NOT_FOUND, AMP_FUNCTION_BUSY, AMP_FUNCTION_CONDITION
 */
export async function rollBack(functions: FunctionStore, namespace: string, name: string, wanted: number | undefined): Promise<number> {
  let taken = 0;
  await functions.update(namespace, name, async (current) => {
    ensureStable(current, 'Function cannot be rolled back while it is being provisioned');
    const versions = await functions.versionsOf(namespace, name);
    const target = wanted === undefined ? versionBefore(versions, current) : versionWith(wanted, versions);
    taken = target.version;
    const { labels, annotations: all } = current.metadata;
    return {
      metadata: { name, namespace, labels, annotations: withoutHolds(all) },
      spec: target.spec,
      secret: target.secret,
      status: statusAtStart('waitingForResourceConfiguration', current.status),
    };
  });
  return taken;
}

/** The version that a function is now. */
export function currentOf(versions: readonly FunctionVersion[], { metadata, spec }: Stored): FunctionVersion | undefined {
  return currentVersionOf(versions, { spec: functionSpecSchema.parse(spec), secret: metadata.annotations?.[annotations.secret] });
}

/** A function whose last deploy failed is no version; the newest one is then what it was before. */
function versionBefore(versions: readonly FunctionVersion[], current: Stored): FunctionVersion {
  const now = currentOf(versions, current)?.version ?? Number.POSITIVE_INFINITY;
  const before = versions.find(({ version }) => version < now);
  if (before !== undefined) return before;
  throw condition('Function has no version before the current one', 'Deploy it as it is to be.');
}

/** @throws AMP_VERSION_NOT_FOUND */
export function versionWith(wanted: number, versions: readonly FunctionVersion[]): FunctionVersion {
  const found = versions.find(({ version }) => version === wanted);
  if (found !== undefined) return found;
  const kept = versions.map(({ version }) => version).join(', ');
  throw dashboardError('AMP_VERSION_NOT_FOUND', {
    what: `Function has no version ${wanted}`,
    why: kept === '' ? 'none of it is kept' : `these are kept: ${kept}`,
    fix: 'Name one of these.',
  });
}
