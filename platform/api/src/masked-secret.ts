import { annotations, versionLabels } from './constants.ts';
import { objectNameOf } from './names.ts';

/** How many bytes the suffix has, in hexadecimal digits. */
export const SUFFIX_BYTES = 4;
const SUFFIX = `-[0-9a-f]{${2 * SUFFIX_BYTES}}$`;
/** Such a Secret of whatever function. */
const ANY = new RegExp(`^${objectNameOf('.+')}${SUFFIX}`);

interface Named {
  name?: string;
  labels?: Record<string, string> | null | undefined;
  annotations?: Record<string, string> | null | undefined;
}

/**
 * The Secret with what was taken out of a function, where the function's annotation names one of its own: nobody but the API server keeps a
 * function from having the name of another one's there. A version of a function has those of that function.
 */
export function maskedSecretOf({ name = '', labels, annotations: all }: Named): string | undefined {
  const secretName = all?.[annotations.secret];
  return secretName !== undefined && isMaskedSecretOf(secretName, labels?.[versionLabels.of] ?? name) ? secretName : undefined;
}

/** Whether a Secret with this name has what was taken out of another function than this one. */
export function isMaskedSecretOfOther(secretName: string, functionName: string): boolean {
  return ANY.test(secretName) && !isMaskedSecretOf(secretName, functionName);
}

function isMaskedSecretOf(secretName: string, functionName: string): boolean {
  const start = objectNameOf(functionName);
  return secretName.startsWith(start) && new RegExp(`^${SUFFIX}`).test(secretName.slice(start.length));
}
