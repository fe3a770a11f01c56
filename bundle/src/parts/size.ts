import { partsError } from './errors.ts';

/**
 * Bytes of each unit. Media are sold in decimal units, so a bare letter is decimal too: the smaller reading always fits.
 */
const units: Record<string, number> = {
  '': 1,
  K: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
};

/** Reads `650MB`, `4.7GB`, `4GiB` or `1G` as whole bytes, rounded down. @throws AMP_PART_SIZE */
export function parseSize(text: string): number {
  const [, amount, letter = '', binary = ''] = /^(\d+(?:\.\d+)?)\s*(?:([kmgt])(i?))?b?$/i.exec(text.trim()) ?? [];
  const unit = units[letter.toUpperCase() + binary.toLowerCase()];
  const bytes = Math.floor(Number(amount) * (unit ?? Number.NaN));
  if (Number.isSafeInteger(bytes) && bytes > 0) return bytes;
  throw partsError('AMP_PART_SIZE', {
    what: `"${text}" is not a size`,
    fix: 'Write a number and a unit: 650MB, 4.7GB (decimal) or 4GiB (binary).',
  });
}
