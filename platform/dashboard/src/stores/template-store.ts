import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '@ampoule/lib/errors';
import { parseYaml } from '@ampoule/lib/yaml';
import { type FunctionConfig, functionConfigSchema } from '@ampoule/platform-api/function';
import * as z from 'zod';
import { dashboardError, invalidRequest } from '../errors.ts';

/** A template as clients see it: ready to deploy, or with values that are to be filled in first. */
export type FunctionTemplate =
  | { rendered: FunctionConfig }
  | { metadata: { name: string }; template: string; values: Record<string, unknown> };

const FUNCTION = 'function.yaml';
const TEMPLATE = 'function.yaml.template';
const VALUES = 'function.yaml.values';
const OWN_FILES: ReadonlySet<string> = new Set([FUNCTION, TEMPLATE, VALUES, 'README.md']);
/** `{{ .name }}`, the one form of Go's templates that is known here. */
const PLACE = /\{\{-?\s*(.*?)\s*-?\}\}/g;
const FIELD = /^\.(\w+)$/;

const valuesSchema = z.record(z.string(), z.unknown());

/** The templates of a folder: a folder each, with function.yaml and one file of source. Read anew for each call. */
export class TemplateStore {
  readonly #folder: string | undefined;

  constructor(folder: string | undefined) {
    this.#folder = folder;
  }

  /** Templates by their keys, `name:runtime`, of which key or description contain a text. @throws AMP_TEMPLATE_INVALID */
  async list(contains = ''): Promise<Record<string, FunctionTemplate>> {
    if (this.#folder === undefined) return {};
    const entries = await readdir(this.#folder, { withFileTypes: true });
    const names = entries
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name)
      .sort();
    const found = await Promise.all(names.map((name) => this.#read(join(this.#folder ?? '', name), name)));
    return Object.fromEntries(
      found
        .filter(([key, , text]) => `${key} ${text}`.toLowerCase().includes(contains.toLowerCase()))
        .map(([key, template]) => [key, template]),
    );
  }

  async #read(folder: string, name: string): Promise<[key: string, template: FunctionTemplate, description: string]> {
    try {
      const files = await readdir(folder);
      if (files.includes(TEMPLATE)) {
        const values = files.includes(VALUES) ? parseYaml(valuesSchema, await readFile(join(folder, VALUES), 'utf8'), VALUES) : {};
        return [name, { metadata: { name }, template: await readFile(join(folder, TEMPLATE), 'utf8'), values }, ''];
      }
      const config = parseYaml(functionConfigSchema, await readFile(join(folder, FUNCTION), 'utf8'), FUNCTION);
      const source = files.sort().find((file) => !OWN_FILES.has(file));
      const build = source === undefined ? {} : { functionSourceCode: (await readFile(join(folder, source))).toString('base64') };
      const { metadata, spec } = config;
      const rendered = { metadata, spec: { ...spec, build: { ...spec.build, ...build } } };
      return [`${metadata.name}:${spec.runtime ?? ''}`, { rendered }, spec.description ?? ''];
    } catch (cause) {
      throw dashboardError('AMP_TEMPLATE_INVALID', {
        what: `Template ${name} cannot be read`,
        why: messageOf(cause),
        fix: `Correct the files in ${folder}.`,
        cause,
      });
    }
  }
}

/** Fills in the values of a template. @throws AMP_REQUEST_INVALID, AMP_INPUT_INVALID */
export function renderTemplate(template: string, values: Record<string, unknown>): FunctionConfig {
  const text = template.replaceAll(PLACE, (_place, expression: string) => {
    const [, field = ''] = FIELD.exec(expression) ?? [];
    if (field === '') throw invalidRequest(`Template expression ${JSON.stringify(expression)} is not known; only {{ .name }} is`);
    const value = values[field];
    if (value === undefined || value === null) throw invalidRequest(`Template value ${field} must be provided`);
    return typeof value === 'object' ? JSON.stringify(value) : String(value);
  });
  return parseYaml(functionConfigSchema, text, 'The rendered template');
}
