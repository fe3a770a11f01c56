import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Bundle, layout } from '@ampoule/bundle/layout';
import { generateKeyPair } from '@ampoule/bundle/signing/keys';
import { sign } from '@ampoule/bundle/signing/signature';
import { mediaTypes } from '@ampoule/lib/oci/types';
import { installConfigSchema, type ResolvedConfig } from '../config.ts';
import { temporaryFolder } from '../pki/testing.ts';

export const HOST_IMAGE = 'ampoule.internal/host:1.0.0';

export const resolved: ResolvedConfig = { ...installConfigSchema.parse({}), nodeAddress: '10.0.0.5', nodeName: 'node1' };

/** A small signed bundle with the host's image and one more, and these manifests by their path below `manifests`. */
export async function testBundle(manifests: Record<string, string> = {}): Promise<Bundle> {
  const folder = await temporaryFolder();
  const files: { path: string; size: number; digest: string }[] = [];
  const put = async (path: string, bytes: Buffer) => {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), bytes);
    files.push({ path, size: bytes.length, digest: digestOf(bytes) });
  };
  const putBlob = async (mediaType: string, bytes: Buffer) => {
    const digest = digestOf(bytes);
    if (files.every((file) => file.digest !== digest)) await put(layout.blob(digest), bytes);
    return { mediaType, digest, size: bytes.length };
  };
  const putImage = async (name: string) => {
    const layer = await putBlob(mediaTypes.layerGzip, Buffer.from(`layer of ${name}`));
    const config = { architecture: 'amd64', os: 'linux', config: {}, rootfs: { type: 'layers', diff_ids: [layer.digest] } };
    const manifest = {
      schemaVersion: 2,
      mediaType: mediaTypes.manifest,
      config: await putBlob(mediaTypes.config, json(config)),
      layers: [layer],
    };
    return { name, digest: (await putBlob(mediaTypes.manifest, json(manifest))).digest };
  };
  const images = [await putImage(HOST_IMAGE), await putImage('registry.k8s.io/pause:3.10')];
  for (const [path, text] of Object.entries(manifests)) await put(`${layout.manifests}/${path}`, Buffer.from(text));
  const manifest = json({
    format: 1,
    name: 'ampoule',
    version: '1.0.0',
    architecture: 'amd64',
    createdAt: '2026-05-01T00:00:00.000Z',
    files,
    images,
    host: HOST_IMAGE,
    installBytes: 1_000_000,
  });
  const { privateKeyPem, publicKeyPem } = await generateKeyPair();
  await writeFile(join(folder, layout.manifest), manifest);
  await writeFile(join(folder, layout.signature), sign(manifest, privateKeyPem));
  await writeFile(join(folder, layout.publicKey), publicKeyPem);
  return Bundle.open(folder);
}

function json(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}

function digestOf(bytes: Buffer): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}
