import { fstatSync } from 'node:fs';
import { buffer } from 'node:stream/consumers';
import { readGivenFile } from './files.ts';

/** Whether something is piped or redirected into the command. */
export function hasInput(): boolean {
  try {
    const input = fstatSync(process.stdin.fd);
    return input.isFIFO() || input.isFile() || input.isSocket();
  } catch {
    return false;
  }
}

/** Standard input to its end. */
export function readInput(): Promise<Buffer> {
  return buffer(process.stdin);
}

/** A file, or standard input where none is named, or `-`. @throws AMP_CLI_FILE */
export async function readTextInput(file: string | undefined): Promise<string> {
  return file === undefined || file === '-' ? (await readInput()).toString() : readGivenFile(file);
}
