import { parseYaml } from '@ampoule/lib/yaml';
import * as z from 'zod';

const COMMENT = /^\s*(?:#|\/\/) ?/;
const MARK = /@nuclio\.configure\s*$/;

/**
 * The configuration that stands in the first lines of a function's code, as Nuclio has it: a comment `@nuclio.configure`, and below it in
 * comments `function.yaml:` with the configuration. Undefined where there is none. @throws AMP_INPUT_INVALID
 */
export function inlineConfigOf(code: string, file: string): unknown {
  const lines = code.split('\n');
  const start = lines.findIndex((line) => COMMENT.test(line) && MARK.test(line));
  if (start < 0) return undefined;
  const rest = lines.slice(start + 1);
  const end = rest.findIndex((line) => !COMMENT.test(line));
  const text = rest.slice(0, end < 0 ? rest.length : end).map((line) => line.replace(COMMENT, ''));
  const schema = z.looseObject({ 'function.yaml': z.looseObject({}).optional() });
  return parseYaml(schema, text.join('\n').trim() || '{}', `The comment @nuclio.configure in ${file}`)['function.yaml'];
}
