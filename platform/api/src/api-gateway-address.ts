import { posix } from 'node:path';

/** What is wrong with a path that is to lead requests somewhere: the gateway looks at theirs decoded and cleaned, and would never find it. */
export function pathMistake(path: string): string | undefined {
  if (path.includes('%')) return `Path ${JSON.stringify(path)} must not have %: characters stand in it as they are`;
  if (posix.normalize(path) === path) return undefined;
  return `Path ${JSON.stringify(path)} must have neither // nor the segments . and ..`;
}

/** The place of a host and a path, the same for all ways to write it. */
export function addressOf(host: string, path: string): string {
  const clean = posix.normalize(`/${path}`);
  return `${host.toLowerCase()}${clean === '/' ? clean : clean.replace(/\/$/, '')}`;
}
