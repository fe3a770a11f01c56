import { PROGRAM_ABSENT } from '../../host/host.ts';
import { listHostProcesses } from '../../host/processes.ts';
import { type Check, fail, pass, warn } from '../model.ts';

const YEAR_MS = 365 * 24 * 3_600_000;
const FAR_YEARS = 5;
const services = ['chronyd', 'ntpd', 'ntpsec', 'systemd-timesyn', 'openntpd', 'ptp4l', 'phc2sys', 'vmtoolsd', 'VBoxService'];
const goodSources = ['tsc', 'kvm-clock', 'hyperv_clocksource_tsc_page', 'arch_sys_counter', 'xen'];

/** The clock, on which every certificate depends. */
export const timeChecks: Check[] = [
  {
    id: 'time.bundle-date',
    title: 'Clock is past the date of the bundle',
    run({ host, needs }) {
      const now = host.live.now();
      const texts = `the clock says ${minute(now)}, the bundle was made ${minute(needs.createdAt)}`;
      if (now < needs.createdAt)
        return fail(texts, 'Set the clock (date --set, then hwclock --systohc), or have the clock of the hypervisor set.');
      if (now.getTime() - needs.createdAt.getTime() > FAR_YEARS * YEAR_MS)
        return warn(texts, 'Check the year of the clock; use a newer bundle if it is right.');
      return pass(texts);
    },
  },
  {
    id: 'time.synchronised',
    title: 'Clock is kept right',
    async run({ host }) {
      const { code, stdout } = await host.run('timedatectl', ['show', '--property=NTPSynchronized', '--value']);
      if (code !== PROGRAM_ABSENT && stdout.trim() === 'yes') return pass('synchronised');
      const running = (await listHostProcesses(host)).find(({ name }) => services.includes(name));
      if (running !== undefined)
        return warn(`${running.name} runs, but has not synchronised the clock`, 'Give it a time server of your network.');
      return warn(
        'by nothing',
        'Run chrony or systemd-timesyncd with a time server of your network; with several hosts the clocks must agree.',
      );
    },
  },
  {
    id: 'time.clock-source',
    title: 'Clock source',
    async run({ host }) {
      const source = (await host.readText('/sys/devices/system/clocksource/clocksource0/current_clocksource'))?.trim();
      if (source === undefined) return pass('not told by the kernel');
      if (goodSources.includes(source)) return pass(source);
      return warn(`${source} is slow to read`, 'Choose tsc or the clock of the hypervisor: clocksource=tsc on the kernel command line.');
    },
  },
  {
    id: 'time.zone',
    title: 'Hardware clock is in UTC',
    async run({ host }) {
      if (!/^LOCAL$/m.test((await host.readText('/etc/adjtime')) ?? '')) return pass('UTC');
      return warn('local time: it jumps twice a year', 'Run timedatectl set-local-rtc 0.');
    },
  },
];

function minute(date: Date): string {
  return `${date.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
