/** Where Kubernetes has names of Secrets: of variables, of projected volumes, and in the last ones of volumes and of ingresses. */
const HOLDERS: ReadonlySet<string> = new Set(['secretRef', 'secretKeyRef', 'secret']);
const NAMES: ReadonlySet<string> = new Set(['secretName', 'imagePullSecrets']);

/** The names of the Secrets that the specification of a function has as variables, as volumes or in other ways. */
export function usedSecretsOf(spec: unknown): string[] {
  const found = new Set<unknown>();
  const walk = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    for (const [field, item] of Object.entries(value)) {
      if (NAMES.has(field)) found.add(item);
      if (HOLDERS.has(field)) found.add(Object(item).name);
      walk(item);
    }
  };
  walk(spec);
  return [...found].filter((name) => typeof name === 'string');
}
