/** What changes on a host by itself; a comparison of snapshots passes over it. */
export interface Exclusion {
  /** Matches a whole name of its kind of thing. */
  pattern: RegExp;
  reason: string;
}

export const fileExclusions: readonly Exclusion[] = [
  {
    pattern: /^\/run\/(systemd|udev|user|log|lock|dbus|credentials|motd.*|utmp|mount|initctl|cloud-init|chrony|agetty\.reload)(\/|$)/,
    reason: 'state of the running system',
  },
  { pattern: /^\/run\/host(\/|$)/, reason: 'given by the machine around a nested host' },
  { pattern: /^\/var\/lib\/systemd(\/|$)/, reason: 'timers, random seed and catalog of systemd' },
  {
    pattern: /^\/var\/lib\/(chrony|ntp|ntpsec|logrotate|NetworkManager|dhcp.*|private|dbus|polkit-1|sudo|AccountsService|cloud)(\/|$)/,
    reason: 'state of other services',
  },
  { pattern: /^\/var\/lib\/(apt|dpkg|dnf|rpm|yum|PackageKit)(\/|$)/, reason: 'package databases, which Ampoule never touches' },
  {
    pattern: /^\/var\/log\/(journal(\/|$)|[^/]*(log|messages|secure|tmp|cron)(\.\d+)?(\.gz)?$|audit\/)/,
    reason: 'logs of the system grow',
  },
  { pattern: /^\/(tmp|var\/tmp)\/(systemd-private-|vitest-|\.).*/, reason: 'temporary files of the system' },
  { pattern: /^\/etc\/(mtab|adjtime|resolv\.conf|\.updated|ld\.so\.cache|\.pwd\.lock)$/, reason: 'written by the system itself' },
];

export const processExclusions: readonly Exclusion[] = [
  {
    pattern: /^(\(udev-worker\)|\(sd-pam\)|systemd-.*|\(systemd.*|agetty|login|sshd.*|cron|anacron|kworker.*)$/,
    reason: 'services of the system come and go',
  },
];

export const cgroupExclusions: readonly Exclusion[] = [
  {
    pattern: /\/(init\.scope|user\.slice|machine\.slice|system\.slice\/(?!kubelet|containerd|ampoule).*)(\/|$)/,
    reason: 'services and sessions of the system come and go',
  },
];

export const unitExclusions: readonly Exclusion[] = [
  {
    pattern:
      /^(systemd-|user@|user-runtime-dir@|session-|getty@|serial-getty@|modprobe@|run-|dev-|sys-|apt-|dpkg-|e2scrub|fstrim|logrotate|man-db)/,
    reason: 'jobs of the system come and go',
  },
];

export function isExcluded(name: string, exclusions: readonly Exclusion[]): boolean {
  return exclusions.some(({ pattern }) => pattern.test(name));
}
