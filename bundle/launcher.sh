#!/bin/sh
# Starts the installer with the Node.js and the libraries that this bundle carries. Needs sh, tar, gzip, sha256sum and what belongs to them.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
name=".runtime-${key}"
cache="${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/ampoule"

fail() {
  echo "ampoule: $1" >&2
  exit 1
}

# Makes a folder that no other start uses and that programs can run from, which those of a USB stick may not allow; removes those of
# starts that were killed.
private_folder() {
  for left in "$1/$name".*; do
    [ -e "/proc/${left##*.}" ] || rm -rf "$left" 2>/dev/null || true
  done
  new="$1/$name.$$"
  rm -rf "$new" 2>/dev/null
  mkdir "$new" 2>/dev/null || return 1
  { printf '#!/bin/sh\n' >"$new/program" && chmod 755 "$new/program" && ln -s program "$new/link" && "$new/link"; } 2>/dev/null &&
    rm "$new/program" "$new/link" && return
  rm -rf "$new"
  return 1
}

if [ -d "$here/$name" ]; then
  runtime="$here/$name"
elif [ -d "$cache/$name" ]; then
  runtime="$cache/$name"
else
  place=$here
  if ! private_folder "$place"; then
    # The medium is read-only, or nothing may run from it.
    place=$cache
    mkdir -p -m 700 "$place" 2>/dev/null && private_folder "$place" ||
      fail "AMP_BUNDLE_READ_ONLY: programs can neither be unpacked to $here nor to $cache and run there. Copy the bundle to a disk, or name a folder in XDG_CACHE_HOME."
  fi
  trap 'rm -rf "$new"' EXIT
  for digest in ${digests}; do
    blob="$here/blobs/sha256/$digest"
    [ -f "$blob" ] || fail "AMP_BUNDLE_FILE_MISSING: blobs/sha256/$digest is missing. Copy the bundle from its medium again."
    [ "$(sha256sum "$blob" | cut -d ' ' -f 1)" = "$digest" ] ||
      fail "AMP_BUNDLE_FILE_CORRUPT: blobs/sha256/$digest does not have the digest in its name. Copy the bundle from its medium again."
    tar -xzf "$blob" -C "$new"
  done
  # After a power cut a folder of this name must never hold half a file.
  sync
  runtime="$place/$name"
  # Fails where another start was faster; what that one unpacked is the same.
  mv -T "$new" "$runtime" 2>/dev/null || [ -d "$runtime" ]
  rm -rf "$new"
fi
AMPOULE_BUNDLE="$here" exec "$runtime/${loader}" --library-path "$runtime/lib/${triplet}:$runtime/usr/lib/${triplet}" \
  "$runtime/usr/local/bin/node" "$runtime/lib/ampoule/ampoule.mjs" "$@"
