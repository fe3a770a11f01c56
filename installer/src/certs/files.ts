import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { codeOf, messageOf } from '@ampoule/lib/errors';
import type { CertificateSources } from './types.ts';

export interface CertificateFile {
  file: string;
  /** PEM text with one or more certificates. */
  pem: string;
}

const CERTIFICATE_FILE = /\.(crt|pem)$/;
/** After each rotation the kubelet leaves `kubelet-client-<date>.pem` behind; only `-current` is in use. */
const KUBELET_IN_USE = /(-current\.pem|\.crt)$/;
const KUBECONFIG_FILE = /\.conf$/;
const CLIENT_CERTIFICATE = /^\s*client-certificate-data:\s*([A-Za-z0-9+/=]+)\s*$/gm;

/** Every file of the sources that holds certificates, the installer's own first. */
export async function certificateFiles({ pki, kubernetes, kubelet, onUnreadable }: CertificateSources): Promise<CertificateFile[]> {
  const pemFiles = [
    ...(await filesBelow(pki, CERTIFICATE_FILE)),
    ...(await filesBelow(join(kubernetes, 'pki'), CERTIFICATE_FILE)),
    ...(await filesBelow(join(kubelet, 'pki'), KUBELET_IN_USE)),
  ];
  const kubeconfigs = (await filesBelow(kubernetes, KUBECONFIG_FILE)).filter((file) => dirname(file) === resolve(kubernetes));
  const read = async (file: string, decode: (text: string) => string): Promise<CertificateFile[]> => {
    try {
      return [{ file, pem: decode(await readFile(file, 'utf8')) }];
    } catch (error) {
      onUnreadable?.(file, messageOf(error));
      return [];
    }
  };
  const all = await Promise.all([
    ...pemFiles.map((file) => read(file, (text) => text)),
    ...kubeconfigs.map((file) => read(file, clientCertificates)),
  ]);
  return all.flat();
}

/** The client certificates inside a kubeconfig. */
function clientCertificates(kubeconfig: string): string {
  return [...kubeconfig.matchAll(CLIENT_CERTIFICATE)].map(([, data = '']) => Buffer.from(data, 'base64').toString('utf8')).join('\n');
}

async function filesBelow(directory: string, pattern: RegExp): Promise<string[]> {
  try {
    const entries = await readdir(directory, { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => !entry.isDirectory() && !entry.name.startsWith('.') && pattern.test(entry.name));
    return files.map(({ parentPath, name }) => resolve(parentPath, name)).sort();
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  }
}
