import { readFile } from 'node:fs/promises';
import { createHost } from '../host/host.ts';
import { installedAnswers } from '../install/answers.ts';
import { paths } from '../paths.ts';
import { readSecrets } from '../secrets.ts';

/** How the API of this very host is reached; undefined where there is no appliance. Only root can read the token. */
export async function hostConnection(): Promise<{ server: string; token: string; ca: string } | undefined> {
  const secrets = await readSecrets();
  const answers = await installedAnswers(createHost());
  if (secrets === undefined || answers?.nodeAddress === undefined) return undefined;
  const ca = await readFile(`${paths.pki}/trust.crt`, 'utf8');
  return { server: `https://${answers.nodeAddress}`, token: secrets.dashboardToken, ca };
}
