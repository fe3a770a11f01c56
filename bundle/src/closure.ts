import { bundleError } from './errors.ts';

/** Something that can make a node pull an image. */
export interface ImageRequest {
  image: string;
  /** File or program that asks. */
  source: string;
}

/** Any string of the form host.name/path:tag or with a digest, wherever it stands: a field, an argument, a variable, a configuration inside. */
const IMAGE = /(?<![\w./-])(?:[a-z0-9-]+\.)+[a-z]+(?::\d+)?\/[a-z0-9._/-]+(?::[A-Za-z0-9_][\w.-]*|@sha256:[0-9a-f]{64})/g;

/** The value of a field `image`, whatever it looks like: a short name such as `busybox` would be pulled from outside. */
const IMAGE_FIELD = /\bimage["']?:[ \t]*["']?((?:\$\{\w+\}|[a-z0-9])(?:\$\{\w+\}|[^\s"',}\]])*)/g;

/** The images that a manifest names: in its fields and anywhere else. */
export function imagesIn(text: string, source: string, version: string): ImageRequest[] {
  const fields = [...filled(text, version).matchAll(IMAGE_FIELD)].map(([, image = '']) => ({ image, source }));
  return [...imagesInProgram(text, source, version), ...fields.filter(({ image }) => !image.match(IMAGE))];
}

/** The full image names in the text of a program, whose own fields called `image` hold expressions. */
export function imagesInProgram(text: string, source: string, version: string): ImageRequest[] {
  return [...new Set(filled(text, version).match(IMAGE) ?? [])].map((image) => ({ image, source }));
}

function filled(text: string, version: string): string {
  return text.replaceAll(`\${version}`, version);
}

/** @throws AMP_BUNDLE_CLOSURE naming each image that is asked for and not in the bundle, and who asks */
export function checkClosure(requests: readonly ImageRequest[], bundled: readonly string[]): void {
  const absent = requests.filter(({ image }) => !bundled.includes(image));
  if (absent.length === 0) return;
  throw bundleError('AMP_BUNDLE_CLOSURE', {
    what: 'The bundle would be incomplete',
    why: [...new Set(absent.map(({ image, source }) => `${image} is asked for by ${source}`))].join('\n'),
    fix: 'Add a folder with an image.yaml to images/ for each, or correct the name.',
  });
}
