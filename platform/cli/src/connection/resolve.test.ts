import { join } from 'node:path';
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { writeSecretFile } from '../files.ts';
import { readSettings } from '../settings.ts';
import { folderWith } from '../testing/cli.ts';
import { writeConfigFile } from './config-file.ts';
import { resolveConnection } from './resolve.ts';

const kept = { server: 'https://kept.example', token: 'kept', ca: 'PEM', namespace: 'ns' };

/** Surroundings with an empty home, or one in which somebody has logged in. */
async function surroundings(env: Record<string, string> = {}, hasLoggedIn = false) {
  const settings = readSettings({ XDG_CONFIG_HOME: await folderWith(), ...env });
  if (hasLoggedIn) await writeConfigFile(settings.configFile, kept);
  return { settings };
}

describe('the connection', () => {
  it('is that of the last login', async () => {
    expect(await resolveConnection({}, await surroundings({}, true))).toEqual(kept);
  });

  it('is what the environment says, and above that what flags say', async () => {
    const folder = await folderWith({ token: 'of-file\n', 'ca.crt': 'CA' });
    const env = { AMPOULE_SERVER: 'env.example', AMPOULE_TOKEN: 'of-env', AMPOULE_NAMESPACE: 'n' };

    expect(await resolveConnection({}, await surroundings(env, true))).toEqual({
      server: 'https://env.example',
      token: 'of-env',
      namespace: 'n',
    });
    const flags = { server: 'http://flag.example:8070/', tokenFile: join(folder, 'token'), caFile: join(folder, 'ca.crt'), namespace: 'm' };
    expect(await resolveConnection(flags, await surroundings(env, true))).toEqual({
      server: 'http://flag.example:8070',
      token: 'of-file',
      ca: 'CA',
      namespace: 'm',
    });
  });

  it('quotes nothing of a kept file that is broken', async () => {
    const around = await surroundings();
    await writeSecretFile(around.settings.configFile, '{"token": "secret" "server": 1}');
    const error = await resolveConnection({}, around).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'AMP_CLI_FILE' });
    expect(inspect(error)).not.toContain('secret');
  });

  it('never gives a kept token to another server', async () => {
    const found = resolveConnection({ server: 'https://other.example' }, await surroundings({}, true));
    await expect(found).rejects.toMatchObject({ code: 'AMP_CLI_NO_SERVER', what: 'No token for https://other.example is known' });
  });

  it('is that of the host itself where nobody has logged in', async () => {
    const ofHost = async () => ({ server: 'https://10.0.0.5', token: 'host', ca: 'PEM' });
    expect(await resolveConnection({}, { ...(await surroundings()), ofHost })).toEqual(await ofHost());
    expect(await resolveConnection({}, { ...(await surroundings({}, true)), ofHost })).toEqual(kept);
  });

  it('says that the token of a host is for root', async () => {
    const ofHost = () => Promise.reject(Object.assign(new Error('no'), { code: 'EACCES' }));
    await expect(resolveConnection({}, { ...(await surroundings()), ofHost })).rejects.toMatchObject({
      code: 'AMP_CLI_NO_SERVER',
      what: expect.stringContaining('for root alone'),
    });
  });

  it.each(['ftp://x', 'https://', 'not an address'])('refuses the address %j', async (server) => {
    await expect(resolveConnection({ server }, await surroundings())).rejects.toMatchObject({ code: 'AMP_CLI_NO_SERVER' });
  });
});
