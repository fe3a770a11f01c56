import { type PartList, partName } from './list.ts';

/** Joins parts where there is no Ampoule yet, for the program is inside the bundle. */
export function mergeScriptName(bundle: string): string {
  return `${bundle}.merge.sh`;
}

/**
 * A script that checks and joins the parts beside it with what every Linux has. It knows sizes and digests alone and takes the name
 * of the bundle from its own, so that no name of a file ever becomes part of a script.
 */
export function mergeScript({ size, sha256, parts }: PartList): string {
  const rows = parts.map((part, index) => `${partName('', index)} ${part.size} ${part.sha256}`);
  return `#!/bin/sh
# Checks the parts of a bundle that lie beside this file, and joins them. The bundle appears only when it is whole.
# Usage: sh NAME.merge.sh [FOLDER]     writes the bundle into FOLDER, else beside the parts
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
name=\${0##*/}
name=\${name%.merge.sh}
output=\${1:-$here}/$name

# Of each part: end of its name, bytes, sha256.
parts() {
  cat <<'END'
${rows.join('\n')}
END
}

complain() {
  printf 'ampoule: %s\\n' "$1" >&2
}

check() {
  code=0
  while read -r ending size sum; do
    part=$name$ending
    if [ ! -f "$here/$part" ]; then
      complain "AMP_PART_MISSING: $part is not there. Copy it from its medium into $here."
    elif [ "$(wc -c <"$here/$part")" -ne "$size" ]; then
      complain "AMP_PART_TRUNCATED: $part does not have $size bytes. Copy it from its medium again."
    elif [ "$(sha256sum <"$here/$part" | cut -d ' ' -f 1)" != "$sum" ]; then
      complain "AMP_PART_CORRUPT: $part does not have the digest that it was split with. Copy it from its medium again."
    else
      continue
    fi
    code=1
  done
  return "$code"
}

join() {
  while read -r ending size sum; do
    cat "$here/$name$ending"
  done
}

parts | check
trap 'rm -f "$output.partial"' EXIT
parts | join >"$output.partial"
if [ "$(sha256sum <"$output.partial" | cut -d ' ' -f 1)" != ${sha256} ]; then
  complain "AMP_PART_CORRUPT: the joined bundle does not have the digest of the one that was split. Run this again."
  exit 1
fi
mv "$output.partial" "$output"
printf 'Joined %s bytes into %s\\n' ${size} "$output"
`;
}
