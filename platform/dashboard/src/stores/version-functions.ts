import { versionLabels } from '@ampoule/platform-api/alias';
import { dashboardError } from '../errors.ts';

interface Labelled {
  metadata: { name: string; labels?: Record<string, string> | null | undefined };
}

/** Whether a function runs one version of another, for its aliases: the controller makes and removes it. */
export function isVersion({ metadata }: Labelled): boolean {
  return metadata.labels?.[versionLabels.of] !== undefined;
}

/** What is changed of a version would be lost, and its aliases would lead to nothing. @throws AMP_FUNCTION_CONDITION */
export function ensureIsNoVersion(fn: Labelled): void {
  if (!isVersion(fn)) return;
  const of = fn.metadata.labels?.[versionLabels.of];
  throw dashboardError('AMP_FUNCTION_CONDITION', {
    what: `Function ${fn.metadata.name} is a version of function ${of}, made and removed by the platform`,
    why: `it has the label ${versionLabels.of}`,
    fix: `Deploy function ${of}, or lead its aliases to another version.`,
  });
}
