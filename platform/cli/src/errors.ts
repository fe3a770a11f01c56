import { errorsOf } from '@ampoule/lib/errors';

export const cliErrorCodes = {
  AMP_CLI_NO_SERVER: 'A command needs the API, and no server or no token for it is known.',
  AMP_CLI_UNREACHABLE: 'The API did not answer, or its certificate is not trusted.',
  AMP_CLI_TOKEN_WRONG: 'The API does not take the token.',
  AMP_CLI_REFUSED: 'The API refused what a command asked for; the message is its own.',
  AMP_CLI_FILE: 'A file that a command names cannot be read or written.',
  AMP_CLI_SOURCE: 'A file or folder is not a function that can be deployed or run.',
  AMP_CLI_DEPLOY_FAILED: 'A function was taken by the API, but did not become ready.',
  AMP_CLI_DEPLOY_TIMEOUT: 'A function was still being deployed after the time that a command waits.',
  AMP_CLI_BUILD_RUNS: 'A function of that name runs, and a build alone would stop it.',
  AMP_CLI_CANARY_FAILED: 'A canary went back to the version before.',
  AMP_CLI_INVOKE_STATUS: 'A function answered with a status from 400 on, and the command was to fail then.',
  AMP_CLI_IMPORT_FAILED: 'Some of the objects in an import could not be created.',
  AMP_CLI_RUN_FAILED: 'A function that runs on this machine ended before it could answer.',
} as const;

export const cliError = errorsOf(cliErrorCodes);
