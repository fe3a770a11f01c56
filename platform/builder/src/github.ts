import { parse } from '@ampoule/lib/parse';
import * as z from 'zod';

const attributesSchema = z.looseObject({
  branch: z.string({ error: 'must name a branch or a tag' }).min(1, 'must name a branch or a tag'),
});

/** All files of a branch lie in one folder there, which is called after both. */
export const GITHUB_OUTER_FOLDERS = 1;

/** Where a server that speaks as GitHub does has the files of a branch as a zip. @throws AMP_INPUT_INVALID without a branch */
export function githubArchiveOf(repository: string, attributes: Record<string, unknown>): string {
  const { branch } = parse(attributesSchema, attributes, 'spec.build.codeEntryAttributes');
  const path = branch.split('/').map(encodeURIComponent).join('/');
  return `${repository.replace(/\/+$/, '').replace(/\.git$/, '')}/archive/${path}.zip`;
}
