import { expect, it } from 'vitest';
import { checkClosure, imagesIn } from './closure.ts';
import { slot } from './testing/tiny-repository.ts';

const names = (text: string) => imagesIn(text, 'source', '1.2.3').map(({ image }) => image);

it.each([
  ['a field', 'image: docker.io/library/caddy:2.11.9', 'docker.io/library/caddy:2.11.9'],
  ['a field in flow style', '{ name: x, image: docker.io/library/caddy:2, imagePullPolicy: Always }', 'docker.io/library/caddy:2'],
  ['a quoted field', 'image: "registry.k8s.io/pause:3.10.2"', 'registry.k8s.io/pause:3.10.2'],
  ['an argument', "args: [start, --helper-image, 'docker.io/library/busybox:1.35.0']", 'docker.io/library/busybox:1.35.0'],
  ['an argument with an equals sign', '- --image=quay.io/a/b_c/d.e:v1-x', 'quay.io/a/b_c/d.e:v1-x'],
  ['a variable', '- { name: BASE, value: ghcr.io/a/b:latest }', 'ghcr.io/a/b:latest'],
  ['JSON in a ConfigMap', 'config.json: |\n  {"helper":"docker.io/library/busybox:1"}', 'docker.io/library/busybox:1'],
  ['a registry with a port', 'registry.local:5000/team/app:v1', 'registry.local:5000/team/app:v1'],
  ['a digest', `x: quay.io/a@sha256:${'0'.repeat(64)}`, `quay.io/a@sha256:${'0'.repeat(64)}`],
  ['our own version', `image: ampoule.internal/app:${slot('version')}`, 'ampoule.internal/app:1.2.3'],
  ['a program', 'const base="ampoule.internal/runtime:1";', 'ampoule.internal/runtime:1'],
])('finds the image in %s', (_, text, image) => {
  expect(names(text)).toEqual([image]);
});

it.each([
  ['image: busybox', 'busybox'],
  ['- image: library/busybox:1', 'library/busybox:1'],
  ['"image": "busybox:1.35"', 'busybox:1.35'],
  ['image: docker.io/library/caddy', 'docker.io/library/caddy'],
  [`{ image: ${slot('other')} }`, slot('other')],
])('finds the image of %s, which no bundle can hold', (text, image) => {
  expect(names(text)).toEqual([image]);
});

it.each([
  'apiVersion: nuclio.io/v1beta1',
  'node-role.kubernetes.io/control-plane: ""',
  'url: https://example.com/path',
  'jsonPath: .spec.image',
  'imagePullPolicy: IfNotPresent',
  'image:\n  type: string',
  'image: { type: string }',
  'dns: { imageTag: v1.14.6 }',
])('finds no image in %s', (text) => {
  expect(names(text)).toEqual([]);
});

it('counts an image once for each source', () => {
  expect(names('image: a.io/b:1\nimage: a.io/b:1')).toEqual(['a.io/b:1']);
});

it('passes when everything is there, and when nothing is asked for', () => {
  expect(() => checkClosure([{ image: 'a.io/b:1', source: 'x' }], ['a.io/b:1', 'a.io/c:1'])).not.toThrow();
  expect(() => checkClosure([], [])).not.toThrow();
});

it('names every image that is missing and everyone who asks', () => {
  const requests = [
    { image: 'a.io/b:1', source: 'x.yaml' },
    { image: 'a.io/b:1', source: 'kubeadm' },
    { image: 'a.io/b:2', source: 'x.yaml' },
    { image: 'a.io/here:1', source: 'x.yaml' },
    { image: 'a.io/b:1', source: 'x.yaml' },
  ];
  expect(() => checkClosure(requests, ['a.io/here:1'])).toThrowError(
    expect.objectContaining({
      code: 'AMP_BUNDLE_CLOSURE',
      why: 'a.io/b:1 is asked for by x.yaml\na.io/b:1 is asked for by kubeadm\na.io/b:2 is asked for by x.yaml',
    }),
  );
});
