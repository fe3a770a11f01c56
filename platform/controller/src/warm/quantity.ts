const FACTORS: Record<string, number> = {
  m: 1e-3,
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
};

/** Bytes of a quantity such as `128Mi`; undefined where it is none. https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/ */
export function bytesOf(quantity: string): number | undefined {
  const [, amount = '', unit = ''] = /^(\d+(?:\.\d*)?(?:[eE][+-]?\d+)?)([a-zA-Z]*)$/.exec(quantity) ?? [];
  const factor = FACTORS[unit];
  return amount === '' || factor === undefined ? undefined : Number(amount) * factor;
}
