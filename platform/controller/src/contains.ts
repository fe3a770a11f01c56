/**
 * Whether all that an object says stands in the one that Kubernetes has, which may say more. Lists have to be of the same length.
 * Kubernetes leaves out what is empty, zero or false where that means the same.
 */
export function contains(whole: unknown, part: unknown): boolean {
  if (part === undefined || part === whole) return true;
  if (whole === undefined) return part === '' || part === 0 || part === false;
  if (typeof part !== 'object' || part === null || typeof whole !== 'object' || whole === null) return false;
  if (Array.isArray(part)) {
    return Array.isArray(whole) && whole.length === part.length && part.every((item, i) => contains(whole[i], item));
  }
  return Object.entries(part).every(([name, value]) => contains((whole as Record<string, unknown>)[name], value));
}
