import { messageOf } from '@ampoule/lib/errors';
import { RegistryClient } from '@ampoule/lib/oci/registry';
import type { Host } from '../host/host.ts';
import { installedAnswers } from '../install/answers.ts';
import { missingImages, parseImageList } from '../install/image-list.ts';
import { paths } from '../paths.ts';
import { readSecrets, registryUrl } from '../secrets.ts';
import { type ComponentStatus, ill, well } from './model.ts';

const COMPONENT = 'registry images';
const HEAL = 'run "ampoule install" from the unpacked bundle: it uploads what is missing';

/** Whether the registry answers and holds every image of the installed bundle, whole. */
export async function registryStatus(host: Host): Promise<ComponentStatus> {
  try {
    const list = await host.readText(paths.images);
    if (list === undefined) return ill(COMPONENT, 'not there yet', ['the install did not come so far; run it again']);
    const images = parseImageList(list);
    const missing = await missingImages(await openRegistry(host), images);
    if (missing.length === 0) return well(COMPONENT, `all ${images.length} complete`);
    return ill(COMPONENT, `${missing.length} of ${images.length} are not complete`, [...missing, HEAL]);
  } catch (error) {
    return ill(COMPONENT, 'cannot be looked at', [messageOf(error)]);
  }
}

/** A client of the registry on an installed host. */
export async function openRegistry(host: Host): Promise<RegistryClient> {
  const nodeAddress = (await installedAnswers(host))?.nodeAddress;
  const secrets = await readSecrets(host.at(paths.secrets));
  const ca = await host.readText(`${paths.pki}/trust.crt`);
  if (nodeAddress === undefined || secrets === undefined || ca === undefined) {
    throw new Error(`one of ${paths.answers}, ${paths.secrets} and ${paths.pki}/trust.crt is missing; run "ampoule install" again`);
  }
  const { username, password } = secrets;
  return new RegistryClient({ url: registryUrl(nodeAddress), username, password, ca });
}
