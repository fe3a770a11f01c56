import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exec } from '@ampoule/lib/exec';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { handlerOf, javaWrapper, makeJava, runJava } from '../../testing/run-java.ts';

const OK = handlerOf('return new Response().setBody(getClass().getName());');
const named = (name: string) => OK.replace('class Handler', `class ${name}`);

/** A jar with the classes of a source, and the file of one of them. */
async function compiled(source: string, name: string, classPath: string[] = []): Promise<{ jar: Buffer; file: Buffer }> {
  const folder = await mkdtemp(join(tmpdir(), 'compiled-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  await mkdir(join(folder, 'classes'));
  await writeFile(join(folder, `${name}.java`), source);
  const path = [await javaWrapper(), ...classPath].join(':');
  await exec('javac', ['-classpath', path, '-d', join(folder, 'classes'), join(folder, `${name}.java`)]);
  await exec('jar', ['--create', '--file', join(folder, 'it.jar'), '-C', join(folder, 'classes'), '.']);
  return { jar: await readFile(join(folder, 'it.jar')), file: await readFile(join(folder, 'classes', `${name}.class`)) };
}

describe('a Java handler', () => {
  it('is the only one of a jar, a class file or sources where none is named', async () => {
    const { jar, file } = await compiled(named('Only'), 'Only');
    const other = 'class Other { io.nuclio.EventHandler inner = new io.nuclio.EventHandler() {'.concat(
      ' public io.nuclio.Response handleEvent(io.nuclio.Context context, io.nuclio.Event event) { return null; } }; }',
    );

    expect((await (await runJava({ 'function.jar': jar })).call()).body).toBe('Only');
    expect((await (await runJava({ 'Only.class': file })).call()).body).toBe('Only');
    expect((await (await runJava({ 'Only.java': named('Only'), 'Other.java': other })).call()).body).toBe('Only');
  });

  it('is the one that spec.handler names, also in a package and behind a colon', async () => {
    const files = { 'a/One.java': `package a;${named('One')}`, 'Two.java': named('Two') };

    expect((await (await runJava(files, { handler: 'a.One' })).call()).body).toBe('a.One');
    expect((await (await runJava(files, { handler: 'main:Two' })).call()).body).toBe('Two');
  });

  it('uses the jars of folder lib and the files beside it', async () => {
    const library = await compiled('public class Library { public static String text() { return "of the library"; } }', 'Library');
    const code = `
        try (var file = getClass().getResourceAsStream("/data.txt")) {
            return new Response().setBody(Library.text() + new String(file.readAllBytes()));
        } catch (java.io.IOException error) {
            throw new java.io.UncheckedIOException(error);
        }`;
    const run = await runJava({ 'Handler.java': handlerOf(code), 'lib/library.jar': library.jar, 'data.txt': ' and data' });

    expect((await run.call()).body).toBe('of the library and data');
  });

  const twice = { 'A.java': named('A'), 'B.java': named('B') };
  it.each([
    ['is not there', { 'Handler.java': OK }, 'Missing', /There is no class Missing: Handlers here are: Handler$/],
    ['is no handler', { 'Handler.java': 'public class Handler {}' }, 'Handler', /Handler is no handler: It does not implement/],
    ['is nowhere', { 'Handler.java': 'public class Handler {}' }, '', /There is no handler: No class in .* implements/],
    ['is one of several', twice, '', /several handlers, and none is named: They are A, B$/],
    [
      'does not compile',
      { 'Handler.java': OK.replace('new Response', 'new Responce') },
      '',
      /Handler\.java:\d+: cannot find symbol.*Responce/s,
    ],
    ['cannot be made', { 'Handler.java': handlerOf('return null;', 'Handler(int number) {}') }, '', /no constructor without parameters/],
    [
      'throws when it is made',
      { 'Handler.java': handlerOf('return null;', 'int a = 1 / 0;') },
      '',
      /constructor of Handler failed: .*\/ by zero/,
    ],
    ['throws when it is loaded', { 'Handler.java': handlerOf('return null;', 'static int a = 1 / 0;') }, '', /ExceptionInInitializerError/],
    [
      'fails in initContext',
      { 'Handler.java': handlerOf('return null;', 'public void initContext(Context c) throws Exception { throw new Exception("no"); }') },
      '',
      /initContext failed: java\.lang\.Exception: no\n\tat Handler\.initContext\(Handler\.java:\d+\)$/,
    ],
    ['ends the process', { 'Handler.java': handlerOf('return null;', '{ System.exit(3); }') }, '', /ended with status 3/],
  ])('that %s is told of', async (_, files, handler, message) => {
    const run = await makeJava(files as Record<string, string>, { handler });

    await expect(run.worker.start()).rejects.toThrow(message);
  });

  it('is told of where there is no Java', async () => {
    vi.stubEnv('JAVA_HOME', '/nowhere');
    const run = await makeJava(OK);

    await expect(run.worker.start()).rejects.toThrow('/nowhere/bin/java cannot be started');
  });
});
