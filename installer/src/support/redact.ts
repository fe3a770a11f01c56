const HIDDEN = '[redacted]';

// A name that ends like this holds a secret; `secretName` and the like do not. Bounded, so that long words cost no time.
const NAME =
  '[\\w.-]{0,64}(?:password|passwd|passphrase|secret|(?:secret|private|api|access|certificate|encryption)[-_]?key|token|key-data)';
const HARMLESS = '(?:true|false|null|\\d+|""|\'\')\\s*,?\\s*$';
// An opening bracket or a block mark alone: what is secret follows on other lines, under names of its own.
const OPENING = '[\\[{|>&-]*\\s*$';

const rules: readonly [pattern: RegExp, replacement: string][] = [
  [/-----BEGIN ([A-Z0-9 ]*PRIVATE KEY)-----[\s\S]*?(?:-----END \1-----|$(?![\s\S]))/g, `-----BEGIN $1-----${HIDDEN}-----END $1-----`],
  // Fields of YAML, TOML and INI on a line of their own.
  [new RegExp(`^([ \\t]*(?:-[ \\t]+)?["']?${NAME}["']?[ \\t]*[:=][ \\t]*)(?!${HARMLESS}|${OPENING})\\S.*$`, 'gim'), `$1${HIDDEN}`],
  // Fields of JSON, also of JSON inside a string.
  [new RegExp(`(\\\\?["'](?:${NAME}|auth|identitytoken)\\\\?["']\\s*:\\s*\\\\?["'])[^"'\\\\]*`, 'gi'), `$1${HIDDEN}`],
  // Environment variables of containers, as YAML and as JSON.
  [new RegExp(`(\\bname:[ \\t]*["']?${NAME}["']?[ \\t]*\\r?\\n[ \\t]*value:[ \\t]*)\\S.*`, 'gi'), `$1${HIDDEN}`],
  [new RegExp(`(\\\\?"name\\\\?"\\s*:\\s*\\\\?"${NAME}\\\\?"\\s*,\\s*\\\\?"value\\\\?"\\s*:\\s*\\\\?")[^"\\\\]*`, 'gi'), `$1${HIDDEN}`],
  // Settings within a line, parameters of addresses, options of programs.
  [new RegExp(`((?:^|[\\s,;&?"'])${NAME}=)("[^"]*"|'[^']*'|[^\\s,;&"']+)`, 'gim'), `$1${HIDDEN}`],
  [new RegExp(`(\\s--?${NAME}\\s+)[^\\s-]\\S*`, 'gi'), `$1${HIDDEN}`],
  [/\b((?:proxy-)?authorization["']?\s*[:=]\s*\[?["']?)(?!\[?redacted)(?:(?:bearer|basic|digest)\s+)?[^\s"',[\]]+/gi, `$1${HIDDEN}`],
  [/\b(bearer|basic)\s+[A-Za-z0-9+/._~-]{8,}=*/gi, `$1 ${HIDDEN}`],
  [/\b((?:set-)?cookie["']?\s*:\s*["']?)[^\r\n"']+/gi, `$1${HIDDEN}`],
  [/\b([a-z][a-z0-9+.-]{0,20}:\/\/[^\s:/@"']{0,256}):[^\s@/"']{1,256}@/gi, `$1:${HIDDEN}@`],
  // JSON web tokens, kubeadm's bootstrap tokens, bcrypt hashes.
  [/\beyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]*/g, HIDDEN],
  [/(?<![a-z0-9.])[a-z0-9]{6}\.[a-z0-9]{16}(?![a-z0-9])/g, HIDDEN],
  [/\$2[aby]\$\d\d\$[./A-Za-z0-9]{53}/g, HIDDEN],
];

/**
 * Takes secrets out of a text: passwords, tokens, private keys, authorisation headers, and the data of Secrets.
 * `known` are secrets to take out wherever they stand.
 */
export function redact(text: string, known: readonly string[] = []): string {
  const bare = known.reduce((current, secret) => current.replaceAll(secret, HIDDEN), redactSecretObjects(text));
  return rules.reduce((current, [pattern, replacement]) => current.replace(pattern, replacement), bare);
}

/** A Secret's values lie under any name: every line below its `data:` or `stringData:` loses its value. */
function redactSecretObjects(text: string): string {
  if (!/\bkind["']?:\s*["']?Secret\b/.test(text)) return text;
  let outer: number | undefined;
  const lines = text.split('\n').map((line) => {
    const indent = line.search(/\S/);
    if (outer !== undefined && (indent > outer || indent === -1)) return hideValue(line);
    outer = /^\s*["']?(data|stringData)["']?:\s*\{?\s*$/.test(line) ? indent : undefined;
    return line;
  });
  return lines.join('\n');
}

function hideValue(line: string): string {
  const [, name, value = ''] = line.match(/^(\s*["']?[\w./-]+["']?:\s*)(.*)$/) ?? [];
  if (name !== undefined) return value === '' ? line : `${name}${HIDDEN}`;
  // A further line of a value.
  return line.replace(/\S.*/, HIDDEN);
}
