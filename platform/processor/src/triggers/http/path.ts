const SPECIAL = /%|\/[/.]/;
const ESCAPE = /%([0-9a-f]{2})/gi;

/**
 * The path of a request where it is not what stands in the target: without percent signs, empty parts and detours (`.` and `..`), as
 * Nuclio's server gives it (fasthttp, normalizePath). A percent sign that begins no escape stays. Most targets have nothing of the kind, and
 * those cost one look.
 */
export function otherPathOf(target: string): string | undefined {
  if (!SPECIAL.test(target)) return undefined;
  const question = target.indexOf('?');
  const sent = question < 0 ? target : target.slice(0, question);
  if (!SPECIAL.test(sent)) return undefined;
  const path = withoutDetours(decoded(sent));
  return path === sent ? undefined : path;
}

function decoded(sent: string): string {
  if (!sent.includes('%')) return sent;
  const bytes = sent.replace(ESCAPE, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)));
  return Buffer.from(bytes, 'latin1').toString();
}

function withoutDetours(path: string): string {
  const parts = path.split('/');
  const last = parts.length - 1;
  const kept: string[] = [];
  for (const [index, part] of parts.entries()) {
    // The last part is empty where the path ends with a slash; a last dot is a name to fasthttp.
    if (part === '..') kept.pop();
    else if (index === last || (part !== '' && part !== '.')) kept.push(part);
    if (part === '..' && index === last) kept.push('');
  }
  return `/${kept.join('/')}`;
}
