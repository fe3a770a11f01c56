import { digestOf } from '@ampoule/lib/oci/digest';
import { mediaTypes } from '@ampoule/lib/oci/types';
import { expect, it } from 'vitest';
import { imageListFile, missingImages, parseImageList } from './image-list.ts';

const descriptor = (text: string) => ({ mediaType: mediaTypes.layerGzip, digest: digestOf(text), size: 1 });
const stored = (text: string) => ({
  digest: digestOf(text),
  bytes: Buffer.from(text),
  manifest: { schemaVersion: 2 as const, mediaType: mediaTypes.manifest, config: descriptor('config'), layers: [descriptor('layer')] },
});
const listed = (repository: string) => ({ repository, tag: '1', digest: digestOf(repository) });

it('is found again as it was written, and is the same text every time', () => {
  const images = [{ ...listed('a'), manifestBytes: Buffer.from('x'), blobs: [] }, listed('b')];
  const { contents, path } = imageListFile(images);
  expect(path).toBe('/var/lib/ampoule/images.json');
  expect(parseImageList(contents)).toEqual([listed('a'), listed('b')]);
  expect(imageListFile(parseImageList(contents)).contents).toBe(contents);
});

it('refuses a list that is damaged', () => {
  expect(() => parseImageList('[{"repository":"a"}]')).toThrow(/images\.json/);
});

it('names the images of which a tag, a manifest or a blob is missing', async () => {
  const client = {
    getManifest: async (repository: string) => (repository === 'gone' ? undefined : stored(repository === 'moved' ? 'other' : repository)),
    hasBlob: async (repository: string, digest: string) => !(repository === 'torn' && digest === digestOf('layer')),
  };
  expect(await missingImages(client, ['whole', 'gone', 'moved', 'torn'].map(listed))).toEqual(['gone:1', 'moved:1', 'torn:1']);
});
