import { join } from 'node:path';
import { cached, cacheKey } from '@ampoule/bundle/build/cache';
import { fetchPackage } from '@ampoule/bundle/sources/npm';

const VERSION = '1.4.5';
const INTEGRITY = 'sha512-IWX9BELoGHAUtMonkeSaNaZwXzRk+oDw6Mk+HBFXd3KHYIBNBsIGRupMZPcgNoDbJpLu6gAJjIoIVPZtt1aJ1g==';

/** Bun, which is a yardstick alone, from its npm package. */
export async function fetchBun(): Promise<string> {
  const specifier = `@oven/bun-linux-x64@${VERSION}`;
  const cache = join(import.meta.dirname, '../../../.cache/bench');
  const folder = await cached(cache, 'bun', cacheKey(specifier, INTEGRITY), (target) => fetchPackage('bun', specifier, INTEGRITY, target));
  return join(folder, 'bin/bun');
}
