import { builderError } from '../errors.ts';

const LAST_LINES = 12;
/** `npm error 404 Not Found - GET http://builder:8083/left-pad - Not found` */
const ABSENT = /^npm (?:error|ERR!) 404\s+Not Found - GET \S+?:\d+\/(\S+?)(?:\/-\/\S+)?(?: - |$)/;
/** `npm error notarget No matching version found for lodash@^3.0.0.` */
const NO_VERSION = /^npm (?:error|ERR!) notarget No matching version found for (\S+?)\.?$/;

/** `ERROR: No matching distribution found for requests==1.0` */
const NO_DISTRIBUTION = /^ERROR: No matching distribution found for (.+?)(?: \(from .*)?$/;

/** The error that says best why the commands of a build failed: a package that is not in the bundle is the usual reason. */
export function failureOf(why: string, lines: readonly string[]): Error {
  const missing = [...new Set(lines.flatMap((line) => packageOf(line) ?? []))];
  if (missing.length > 0) {
    return builderError('AMP_BUILD_PACKAGE', {
      what: `The bundle holds no ${missing.join(', ')}`,
      why,
      fix: 'Ask for a version that it holds, bring the package along beside the code, or add it to bundle/packages where bundles are made and carry a new bundle over.',
    });
  }
  const last = lines.slice(-LAST_LINES).join('\n');
  return builderError('AMP_BUILD_COMMAND', {
    what: 'The commands of the build failed',
    why: last === '' ? why : `${why}\n${last}`,
    fix: 'Correct spec.build.commands or package.json, then deploy the function again.',
  });
}

function packageOf(line: string): string | undefined {
  const name = ABSENT.exec(line)?.[1];
  return name === undefined ? (NO_VERSION.exec(line) ?? NO_DISTRIBUTION.exec(line))?.[1] : decodeURIComponent(name);
}
