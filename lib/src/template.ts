import { libError } from './lib-errors.ts';

/**
 * Replaces each `${name}` in a text by its value; nothing else is a placeholder.
 * @throws AMP_INPUT_INVALID naming every placeholder that has no value.
 */
export function fillTemplate(text: string, values: Readonly<Record<string, string>>, source: string): string {
  const missing = new Set<string>();
  const filled = text.replaceAll(/\$\{([A-Za-z][A-Za-z0-9]*)\}/g, (placeholder, name: string) => {
    const value = Object.hasOwn(values, name) ? values[name] : undefined;
    if (value === undefined) missing.add(name);
    return value ?? placeholder;
  });
  if (missing.size === 0) return filled;
  throw libError('AMP_INPUT_INVALID', {
    what: `${source} asks for values that do not exist`,
    why: [...missing].join(', '),
    fix: 'Use one of the values that the installer knows.',
  });
}
