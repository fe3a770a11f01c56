import { versionLabels } from '../alias.ts';
import { annotations, labels } from '../constants.ts';
import type { NuclioFunction } from '../function.ts';
import { referencesIn, restoreFunction, type SecretValues } from '../mask.ts';
import { functionSecret, valuesOfContent } from '../mask-secret.ts';
import type { KubeClient } from './client.ts';
import { resources } from './resources.ts';
import type { V1Secret } from './types.ts';

interface Owner {
  name: string;
  namespace: string;
  labels?: Record<string, string> | null | undefined;
  annotations?: Record<string, string> | null | undefined;
}

/** The Secret that a function's annotation names, with its values; undefined where it names none, or one that is not its own. */
export async function readFunctionSecret(
  client: KubeClient,
  { name, namespace, labels: marks, annotations: own }: Owner,
): Promise<{ name: string; values: SecretValues } | undefined> {
  const secretName = own?.[annotations.secret];
  if (secretName === undefined) return undefined;
  const secret = await client.read<V1Secret>(resources.secrets, namespace, secretName);
  // A function that is a version of another one has that one's secrets.
  if (secret === undefined || !isSecretOf(secret, marks?.[versionLabels.of] ?? name)) return undefined;
  const content = Buffer.from(secret.data?.[functionSecret.key] ?? '', 'base64').toString();
  return { name: secretName, values: valuesOfContent(content) };
}

/** Whether a Secret holds what was taken out of this function. */
export function isSecretOf({ type, metadata }: V1Secret, functionName: string): boolean {
  return type === functionSecret.type && metadata?.labels?.[labels.function] === functionName;
}

/** A function with the secrets of its source, for the moment in which it is fetched. @throws AMP_SECRET_MISSING */
export async function withBuildSecrets(client: KubeClient, fn: NuclioFunction): Promise<NuclioFunction> {
  const { build } = fn.spec;
  const part = { metadata: {}, spec: { build } };
  if (referencesIn(part).length === 0) return fn;
  const secret = await readFunctionSecret(client, fn.metadata);
  return { ...fn, spec: { ...fn.spec, build: restoreFunction(part, secret?.values ?? new Map()).spec.build } };
}
