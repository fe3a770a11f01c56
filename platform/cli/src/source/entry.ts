const runtimes: Record<string, string> = {
  '.js': 'nodejs',
  '.cjs': 'nodejs',
  '.mjs': 'nodejs',
  '.ts': 'nodejs',
  '.cts': 'nodejs',
  '.mts': 'nodejs',
  '.py': 'python',
  '.sh': 'shell',
  '.java': 'java',
};

/** Names under which people expect a function to begin. */
const USUAL: readonly string[] = ['handler', 'main', 'index', 'function'];
const DEFAULT_FUNCTION = 'handler';

/** Functions that a module gives to others, by the runtime that it is for. */
const exported: Record<string, RegExp> = {
  nodejs: /\bexports\.(\w+)\s*=(?!=)|^export\s+(?:async\s+)?(?:function\*?|const|let)\s+(\w+)/gm,
  python: /^(?:async\s+)?def\s+([a-z]\w*)\s*\(\s*context\b/gm,
};
/** Called once at the start, so it is not what handles events. */
const NOT_HANDLERS: ReadonlySet<string> = new Set(['initContext', 'init_context', 'default']);

/** The runtime of a file by its ending; undefined where it is no source code that can be a function. */
export function runtimeOfFile(file: string): string | undefined {
  return runtimes[/\.[^.]+$/.exec(file)?.[0] ?? ''];
}

/** The file in which a function begins: the only one with source code, or the one with the usual name. */
export function entryFileOf(files: readonly string[]): string | undefined {
  const sources = files.filter((file) => !file.includes('/') && runtimeOfFile(file) !== undefined);
  if (sources.length === 1) return sources[0];
  return USUAL.flatMap((name) => sources.filter((file) => file.replace(/\.[^.]+$/, '').toLowerCase() === name))[0];
}

/** `spec.handler` of a function that begins in a file. */
export function handlerOf(file: string, code: string): string {
  const runtime = runtimeOfFile(file) ?? '';
  if (runtime === 'shell') return file;
  if (runtime === 'java') return javaClassOf(file, code);
  const names = [...code.matchAll(exported[runtime] ?? /(?!)/g)].map(([, first, second]) => first ?? second ?? '');
  const handlers = [...new Set(names)].filter((name) => !NOT_HANDLERS.has(name));
  const [only] = handlers;
  const name = only !== undefined && handlers.length === 1 ? only : DEFAULT_FUNCTION;
  return `${file.replace(/\.(js|py)$/, '')}:${name}`;
}

/** A public class is in the file of its name. */
function javaClassOf(file: string, code: string): string {
  const name = file.replace(/\.java$/, '');
  const inPackage = /^\s*package\s+([\w.]+)\s*;/m.exec(code)?.[1];
  return inPackage === undefined ? name : `${inPackage}.${name}`;
}
