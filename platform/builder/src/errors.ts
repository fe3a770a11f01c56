import { errorsOf } from '@ampoule/lib/errors';

export const builderErrorCodes = {
  AMP_BUILD_GIT: 'A repository with the code of a function cannot be used.',
  AMP_BUILD_RUNTIME: 'There is no image for the runtime that a function asks for.',
  AMP_BUILD_SOURCE: 'A function brings its code in a way that the builder does not know.',
  AMP_BUILD_ARCHIVE: 'The archive with the code of a function cannot be fetched or read.',
  AMP_BUILD_BASE_MISSING: 'The image of a runtime is not in the private registry.',
  AMP_BUILD_COMMAND: 'A command of a build failed, or took too long.',
  AMP_BUILD_PACKAGE: 'A build needs a package that the bundle does not hold.',
  AMP_BUILD_POD: 'The pod in which the commands of a build run did not come up, or did not reach the packages; it is tried again.',
} as const;

export const builderError = errorsOf(builderErrorCodes);
