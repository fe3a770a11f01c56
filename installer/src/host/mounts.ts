import type { Host } from './host.ts';

export interface Mount {
  point: string;
  /** Mount options such as `rw`, `noexec`. */
  options: string[];
  /** Belongs to a peer group: mounts below it reach other namespaces. */
  shared: boolean;
  type: string;
  source: string;
  superOptions: string[];
}

/** The mounts of this process's namespace in the order in which they were made. https://man7.org/linux/man-pages/man5/proc_pid_mountinfo.5.html */
export async function listMounts(host: Host): Promise<Mount[]> {
  const text = (await host.readText('/proc/self/mountinfo')) ?? '';
  return text.split('\n').filter(Boolean).map(parseLine);
}

/** The mount that holds a path, the path's links not followed. */
export function mountOf(mounts: readonly Mount[], path: string): Mount | undefined {
  return mounts
    .filter(({ point }) => isBelow(path, point))
    .reduce<Mount | undefined>((best, mount) => (best && best.point.length > mount.point.length ? best : mount), undefined);
}

/** Whether a path is a folder or lies in it. */
export function isBelow(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder === '/' ? '/' : `${folder}/`);
}

function parseLine(line: string): Mount {
  const [left = '', right = ''] = line.split(' - ');
  const [, , , , point = '', options = '', ...tags] = left.split(' ');
  const [type = '', source = '', superOptions = ''] = right.split(' ');
  return {
    point: unescapeOctal(point),
    options: options.split(','),
    shared: tags.some((tag) => tag.startsWith('shared:')),
    type,
    source: unescapeOctal(source),
    superOptions: superOptions.split(','),
  };
}

function unescapeOctal(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}
