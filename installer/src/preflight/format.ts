const GIB = 2 ** 30;

/** Bytes as a person reads them. */
export function size(bytes: number): string {
  return bytes >= GIB ? `${(bytes / GIB).toFixed(1)} GiB` : `${Math.ceil(bytes / 2 ** 20)} MiB`;
}
