import { type FSWatcher, watch } from 'node:fs';

const QUIET_MS = 150;
/** What tools write, and what editors put beside a file for a moment. */
const IGNORED = /(^|\/)(\.[^/]+|node_modules|__pycache__)(\/|$)|~$|\.sw[a-z]$/;

/** Tells of changes below a folder, once they have settled. */
export function watchFolder(folder: string, onChange: (file: string) => void): FSWatcher {
  let timer: NodeJS.Timeout | undefined;
  const watcher = watch(folder, { recursive: true }, (_event, file) => {
    if (file === null || IGNORED.test(file)) return;
    clearTimeout(timer);
    timer = setTimeout(() => onChange(file), QUIET_MS);
  });
  watcher.once('close', () => clearTimeout(timer));
  return watcher;
}
