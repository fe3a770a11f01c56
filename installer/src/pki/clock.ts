import { pkiError } from './errors.ts';
import { BACKDATE_MS } from './profile.ts';

/**
 * When new certificates begin to be valid: a day before now, but never before the bundle was made, since a clock that
 * says so is wrong. @throws AMP_PKI_CLOCK_BEFORE_BUNDLE
 */
export function notBeforeOf(bundleCreatedAt: Date, now: Date): Date {
  if (now < bundleCreatedAt) {
    throw pkiError('AMP_PKI_CLOCK_BEFORE_BUNDLE', {
      what: 'The clock of this host is wrong',
      why: `it says ${now.toISOString()}, but the bundle was made at ${bundleCreatedAt.toISOString()}`,
      fix: 'Set the clock, for example `date --utc --set "2030-01-31 12:00"` and `hwclock --systohc`, then run the command again.',
    });
  }
  const backdated = Math.max(bundleCreatedAt.getTime(), now.getTime() - BACKDATE_MS);
  // X.509 counts whole seconds; rounding down could fall before the bundle's date.
  return new Date(Math.ceil(backdated / 1000) * 1000);
}
