import { parse } from '@ampoule/lib/parse';
import { labels } from '@ampoule/platform-api/constants';
import { type Command, Option } from 'commander';
import * as z from 'zod';
import { collect } from '../collect.ts';
import type { Draft } from '../source/read.ts';
import {
  count,
  jsonObject,
  logSinks,
  pairs,
  scaleMetrics,
  secretNames,
  secretVolumes,
  sourceCode,
  text,
  texts,
  variables,
  volumes,
  yes,
} from './values.ts';

/** A flag of nuctl, how its text is read, and the field of a function that it sets. */
type DeployFlag = [flag: string, help: string, schema: z.ZodType, path: readonly string[]];

const flags: readonly DeployFlag[] = [
  ['--runtime <name>', 'nodejs, python:3.11, java, shell; told from the file by default', text, ['spec', 'runtime']],
  ['--handler <name>', 'what handles events, as file:function; told from the file by default', text, ['spec', 'handler']],
  ['--desc <text>', 'description', text, ['spec', 'description']],
  ['--project-name <name>', 'project that the function belongs to', text, ['metadata', 'labels', labels.project]],
  ['-l, --labels <a=b,...>', 'labels', pairs, ['metadata', 'labels']],
  ['--annotations <a=b,...>', 'annotations', pairs, ['metadata', 'annotations']],
  ['-e, --env <name=value>', 'variable of the environment; can be repeated', variables, ['spec', 'env']],
  ['--secret <name>', 'secret whose values are variables; can be repeated', secretNames, ['spec', 'envFrom']],
  ['--secret-volume <name:folder>', 'secret whose values are files in a folder; can be repeated', secretVolumes, ['spec', 'volumes']],
  ['--triggers <json>', 'triggers by their names, in JSON', jsonObject, ['spec', 'triggers']],
  ['--data-bindings <json>', 'data bindings by their names, in JSON', jsonObject, ['spec', 'dataBindings']],
  ['--replicas <count>', 'replicas, where they do not scale', count, ['spec', 'replicas']],
  ['--min-replicas <count>', 'least replicas', count, ['spec', 'minReplicas']],
  ['--max-replicas <count>', 'most replicas', count, ['spec', 'maxReplicas']],
  ['--target-cpu <percent>', 'load at which replicas are added', count, ['spec', 'targetCPU']],
  [
    '--scale-metric <metric=amount>',
    'what a replica is to have, such as concurrency=10,window=1m; can be repeated',
    scaleMetrics,
    ['spec', 'autoScaleMetrics'],
  ],
  ['--resource-limit <name=amount>', 'limit such as cpu=1 or memory=256Mi; can be repeated', pairs, ['spec', 'resources', 'limits']],
  ['--resource-request <name=amount>', 'request such as cpu=100m; can be repeated', pairs, ['spec', 'resources', 'requests']],
  ['--readiness-timeout <seconds>', 'how long it may take to become ready', count, ['spec', 'readinessTimeoutSeconds']],
  ['-d, --disable', 'keep the function, but do not run it', yes, ['spec', 'disable']],
  ['--publish', 'publish this version', yes, ['spec', 'publish']],
  ['--logger-level <level>', 'debug, info, warn or error', logSinks, ['spec', 'loggerSinks']],
  ['--runtime-attrs <json>', 'attributes of the runtime, in JSON', jsonObject, ['spec', 'runtimeAttributes']],
  ['--platform-config <json>', 'settings of the platform, in JSON', jsonObject, ['spec', 'platform']],
  ['--volume <host:folder>', 'folder of the node in the container; can be repeated', volumes, ['spec', 'volumes']],
  ['--http-trigger-service-type <type>', 'type of the Service, such as ClusterIP', text, ['spec', 'serviceType']],
  ['--nodeName <name>', 'node to run on', text, ['spec', 'nodeName']],
  ['--nodeSelector <a=b,...>', 'labels of the nodes to run on', pairs, ['spec', 'nodeSelector']],
  ['--priorityClassName <name>', 'priority class of the pods', text, ['spec', 'priorityClassName']],
  ['--preemptionPolicy <name>', 'preemption policy of the pods', text, ['spec', 'preemptionPolicy']],
  ['--run-as-user <id>', 'user of the container', count, ['spec', 'securityContext', 'runAsUser']],
  ['--run-as-group <id>', 'group of the container', count, ['spec', 'securityContext', 'runAsGroup']],
  ['--fsgroup <id>', 'group of the files in volumes', count, ['spec', 'securityContext', 'fsGroup']],
  ['--run-image <image>', 'image to run as it is, in place of source code', text, ['spec', 'image']],
  ['--run-registry <address>', 'registry that the image is pulled from', text, ['spec', 'runRegistry']],
  ['--source <code>', 'source code, in place of a file', sourceCode, ['spec', 'build', 'functionSourceCode']],
  ['-i, --image <name>', 'name of the image to build', text, ['spec', 'build', 'image']],
  ['-r, --registry <address>', 'registry of the image to build', text, ['spec', 'build', 'registry']],
  ['--base-image <image>', 'image to build on', text, ['spec', 'build', 'baseImage']],
  ['--onbuild-image <image>', 'image that brings the processor', text, ['spec', 'build', 'onbuildImage']],
  ['--build-command <command>', 'command of the build; can be repeated', texts, ['spec', 'build', 'commands']],
  ['--build-runtime-attrs <json>', 'attributes of the build, in JSON', jsonObject, ['spec', 'build', 'runtimeAttributes']],
  ['--code-entry-type <type>', 'how the source code is given', text, ['spec', 'build', 'codeEntryType']],
  ['--build-code-entry-attrs <json>', 'where the source code is, in JSON', jsonObject, ['spec', 'build', 'codeEntryAttributes']],
  ['--no-pull', 'do not pull the image to build on', yes, ['spec', 'build', 'noBaseImagesPull']],
  ['--no-cleanup', 'keep what the build leaves behind', yes, ['spec', 'build', 'noCleanup']],
  ['--offline', 'build without a network', yes, ['spec', 'build', 'offline']],
];

const REPEATED: readonly z.ZodType[] = [pairs, texts, variables, volumes, secretNames, secretVolumes, scaleMetrics];

const options = flags.map(([flag, help, schema, path]) => {
  const option = new Option(flag, help);
  if (REPEATED.includes(schema)) option.argParser(collect);
  return { option, schema, path, name: option.long ?? flag };
});
const commandLineSchema = z.object(Object.fromEntries(options.map(({ name, schema }) => [name, schema.optional()])));

export function addDeployFlags(command: Command): Command {
  for (const { option } of options) command.addOption(option);
  return command;
}

/** Those of the flags that say what an image is made of, and in which project. */
export function addBuildFlags(command: Command): Command {
  for (const { option, path } of options) if (path.includes('build') || BUILD_FIELDS.has(path.at(-1) ?? '')) command.addOption(option);
  return command;
}

const BUILD_FIELDS: ReadonlySet<string> = new Set(['runtime', 'handler', labels.project]);

/** A function with what the flags of a command set. @throws AMP_INPUT_INVALID with all mistakes */
export function withFlags(draft: Draft, command: Command): Draft {
  const given = options.filter(({ option }) => command.getOptionValueSource(option.attributeName()) === 'cli');
  const raw = given.map(({ option, name }) => [name, option.negate ? true : command.getOptionValue(option.attributeName())]);
  const values: Record<string, unknown> = parse(commandLineSchema, Object.fromEntries(raw), 'The command line');
  return given.reduce<Draft>((merged, { name, path }) => combine(merged, nested(path, values[name])) as Draft, draft);
}

function nested(path: readonly string[], value: unknown): unknown {
  return path.reduceRight<unknown>((inner, name) => ({ [name]: inner }), value);
}

/** Of two values the later one wins, but objects are merged, and lists too, by the names of their items. */
function combine(old: unknown, added: unknown): unknown {
  if (Array.isArray(old) && Array.isArray(added)) {
    const names = new Set<unknown>(added.map(nameOf).filter((name) => name !== undefined));
    return [...old.filter((item) => !names.has(nameOf(item))), ...added];
  }
  if (!isObject(old) || !isObject(added)) return added;
  return { ...old, ...Object.fromEntries(Object.entries(added).map(([name, value]) => [name, combine(old[name], value)])) };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function nameOf(item: unknown): unknown {
  return isObject(item) ? (item.name ?? item.metricName) : undefined;
}
