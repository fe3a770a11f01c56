import { platformError } from './errors.ts';
import { type FieldTest, REFERENCE, referenceOf } from './mask-fields.ts';
import { maskedSecretOf } from './masked-secret.ts';

/** The parts of a function that can hold secrets. */
export interface Maskable {
  metadata: {
    name?: string;
    labels?: Record<string, string> | null | undefined;
    annotations?: Record<string, string> | null | undefined;
  };
  spec: object;
}

/** Values that were taken out of a function, by their references. */
export type SecretValues = ReadonlyMap<string, string>;

type Leaf = string | number;
/** What stands in place of a leaf; undefined where nothing does. */
type Change = (value: Leaf, path: string, isSensitive: boolean) => Leaf | undefined;

const nothing: FieldTest = () => false;

/** Takes secrets out of a function and leaves references. The given value stays as it is. @throws AMP_FUNCTION_INVALID */
export function maskFunction<T extends Maskable>(fn: T, test: FieldTest): { masked: T; values: Map<string, string> } {
  const values = new Map<string, string>();
  const clashes: string[] = [];
  const masked = changed(fn, test, (value, path, isSensitive) => {
    if (!isSensitive || value === '') return value;
    const reference = referenceOf(path);
    if (values.has(reference)) clashes.push(path);
    values.set(reference, String(value));
    return reference;
  });
  if (clashes.length === 0) return { masked, values };
  throw platformError('AMP_FUNCTION_INVALID', {
    what: `The secrets at ${clashes.join(', ')} cannot be told from others, whose names differ in capitals alone`,
    fix: 'Rename the triggers.',
  });
}

/**
 * Puts the values of references in, also of those that were moved from one sensitive field to another one.
 * @throws AMP_SECRET_MISSING where a reference has no value
 */
export function restoreFunction<T extends Maskable>(fn: T, values: SecretValues, test: FieldTest = nothing): T {
  const missing: string[] = [];
  const restored = changed(fn, test, (value, path, isSensitive) => {
    if (!isReference(value) || !(isSensitive || isOwnReference(value, path))) return value;
    const found = values.get(value.trim().toLowerCase());
    if (found === undefined) missing.push(path);
    return found ?? value;
  });
  if (missing.length === 0) return restored;
  throw platformError('AMP_SECRET_MISSING', {
    what: `Nobody knows the values of the references at ${missing.join(', ')}`,
    fix: 'Give the values themselves.',
  });
}

/** A function with neither secrets nor references to them. */
export function withoutSecrets<T extends Maskable>(fn: T, test: FieldTest): T {
  return changed(fn, test, (value, path, isSensitive) => (isSensitive || isOwnReference(value, path) ? undefined : value));
}

/** The references to secrets in a function. */
export function referencesIn(fn: Maskable): string[] {
  const found: string[] = [];
  changed(fn, nothing, (value, path) => {
    if (isOwnReference(value, path)) found.push(referenceOf(path));
    return value;
  });
  return found;
}

/** Whether a value is the reference that masking its very field leaves; of others a function could read what is not meant for it. */
export function isOwnReference(value: unknown, path: string): boolean {
  return isReference(value) && value.trim().toLowerCase() === referenceOf(path);
}

/** The references that the pods of a function need. Those of its source are the builder's business alone. */
export function mountedReferencesIn({ metadata, spec }: Maskable): string[] {
  const { build, ...run } = spec as { build?: unknown };
  return referencesIn({ metadata, spec: run });
}

/** The Secret with what the pods of a function need. */
export function mountedSecretOf(fn: Maskable): string | undefined {
  return mountedReferencesIn(fn).length === 0 ? undefined : maskedSecretOf(fn.metadata);
}

function isReference(value: unknown): value is string {
  return typeof value === 'string' && value.startsWith(REFERENCE);
}

function changed<T extends Maskable>(fn: T, test: FieldTest, change: Change): T {
  const walk = (value: unknown, path: string, isWithin: boolean): unknown => {
    const isSensitive = isWithin || test(path, value);
    if (typeof value === 'string' || typeof value === 'number') return change(value, path, isSensitive);
    if (typeof value !== 'object' || value === null) return value;
    if (Array.isArray(value)) return value.map((item, index) => walk(item, `${path}[${index}]`, isSensitive)).filter(isThere);
    const entries = Object.entries(value).map(([name, item]) => [name, walk(item, `${path}/${name}`, isSensitive)] as const);
    return Object.fromEntries(entries.filter(([, item]) => isThere(item)));
  };
  const metadata = { ...fn.metadata };
  if (metadata.annotations) metadata.annotations = walk(metadata.annotations, '/metadata/annotations', false) as Record<string, string>;
  return { ...fn, metadata, spec: walk(fn.spec, '/spec', false) as object };
}

function isThere(value: unknown): boolean {
  return value !== undefined;
}
