import { builderError } from '../errors.ts';
import type { Output } from './output.ts';

/** The error that says best why the commands of a build failed: a package that is not in the bundle is the usual reason. */
export function failureOf(why: string, { last, missing, isUnanswered }: Pick<Output, 'last' | 'missing' | 'isUnanswered'>): Error {
  if (isUnanswered) {
    return builderError('AMP_BUILD_POD', {
      what: 'The commands of a build did not reach the packages of the bundle',
      why,
      fix: 'Nothing: the build is tried again by itself.',
    });
  }
  if (missing.length > 0) {
    return builderError('AMP_BUILD_PACKAGE', {
      what: `The bundle holds no ${missing.join(', ')}`,
      why,
      fix: 'Ask for a version that it holds, bring the package along beside the code, or add it to bundle/packages where bundles are made and carry a new bundle over.',
    });
  }
  return builderError('AMP_BUILD_COMMAND', {
    what: 'The commands of the build failed',
    why: last === '' ? why : `${why}\n${last}`,
    fix: 'Correct spec.build.commands, package.json or requirements.txt, then deploy the function again. A build has 1 GiB of memory.',
  });
}
