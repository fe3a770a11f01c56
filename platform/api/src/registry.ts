import { readFile } from 'node:fs/promises';
import { RegistryClient } from '@ampoule/lib/oci/registry';
import * as z from 'zod';

/** The environment variables by which a component finds the private registry. */
export const registryVariables = {
  /** For example https://10.0.0.5:5000 */
  AMPOULE_REGISTRY_URL: z.url(),
  AMPOULE_REGISTRY_USERNAME: z.string().optional(),
  AMPOULE_REGISTRY_PASSWORD: z.string().optional(),
  /** File with the PEM of the CA that signed the registry's certificate. */
  AMPOULE_REGISTRY_CA: z.string().optional(),
};

const schema = z.object(registryVariables);
export type RegistryVariables = z.output<typeof schema>;

/** The private registry that a component's environment names. */
export async function connectRegistry(env: RegistryVariables): Promise<RegistryClient> {
  const { AMPOULE_REGISTRY_URL: url, AMPOULE_REGISTRY_USERNAME: username, AMPOULE_REGISTRY_PASSWORD: password } = env;
  const caFile = env.AMPOULE_REGISTRY_CA;
  return new RegistryClient({
    url,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(caFile === undefined ? {} : { ca: await readFile(caFile, 'utf8') }),
  });
}
