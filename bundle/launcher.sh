#!/bin/sh
# Starts the installer with the Node.js and the libraries that this bundle carries. Needs sh, tar, gzip and sha256sum.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
runtime="$here/.runtime-${key}"
if [ ! -d "$runtime" ]; then
  rm -rf "$runtime.new" && mkdir "$runtime.new"
  for digest in ${digests}; do
    blob="$here/blobs/sha256/$digest"
    if [ ! -f "$blob" ]; then
      echo "ampoule: AMP_BUNDLE_FILE_MISSING: blobs/sha256/$digest is missing. Copy the bundle from its medium again." >&2
      exit 1
    fi
    if [ "$(sha256sum "$blob" | cut -d ' ' -f 1)" != "$digest" ]; then
      echo "ampoule: AMP_BUNDLE_FILE_CORRUPT: blobs/sha256/$digest does not have the digest in its name. Copy the bundle from its medium again." >&2
      exit 1
    fi
    tar -xzf "$blob" -C "$runtime.new"
  done
  # After a power cut a folder of this name must never hold half a file.
  sync
  mv "$runtime.new" "$runtime"
fi
AMPOULE_BUNDLE="$here" exec "$runtime/${loader}" --library-path "$runtime/lib/${triplet}:$runtime/usr/lib/${triplet}" \
  "$runtime/usr/local/bin/node" "$runtime/lib/ampoule/ampoule.mjs" "$@"
