import { basename, dirname, resolve } from 'node:path';
import type { Printer } from '@ampoule/lib/print';
import { formatBytes } from '@ampoule/lib/print';
import { Command } from 'commander';
import { Bundle } from './layout.ts';
import { mergeParts } from './parts/merge.ts';
import { parseSize } from './parts/size.ts';
import { splitBundle } from './parts/split.ts';
import { writeKeyPair } from './signing/key-files.ts';
import { fingerprint, generateKeyPair } from './signing/keys.ts';
import { verifyBundle } from './verify.ts';

/** `ampoule bundle …`: what both sides of the gap do with a bundle. `printer` is asked when a command runs. */
export function bundleCommand(printer: () => Printer): Command {
  const command = new Command('bundle').description('look at, check, split and join bundles');
  command
    .command('keygen')
    .description('make a key pair that signs bundles')
    .requiredOption('--private-key <file>', 'where to write the private key, readable by its owner alone')
    .requiredOption('--public-key <file>', 'where to write the public key that sites trust')
    .action(async ({ privateKey, publicKey }: { privateKey: string; publicKey: string }) => {
      const pair = await generateKeyPair();
      await writeKeyPair(pair, { privateKeyFile: privateKey, publicKeyFile: publicKey });
      const result = { privateKey, publicKey, fingerprint: fingerprint(pair.publicKeyPem) };
      printer().line(`Wrote ${privateKey} and ${publicKey}. Fingerprint to compare at each site:\n  ${result.fingerprint}`);
      printer().result(result);
    });
  command
    .command('inspect <folder>')
    .description('show what the manifest of an unpacked bundle says; checks nothing')
    .action(async (folder: string) => {
      const { manifest } = await Bundle.open(folder);
      const bytes = manifest.files.reduce((sum, { size }) => sum + size, 0);
      printer().line(
        `${manifest.name} ${manifest.version} for ${manifest.architecture}, made ${manifest.createdAt}, ${formatBytes(bytes)}`,
      );
      for (const { name, digest } of manifest.images) printer().line(`  ${name}  ${digest}`);
      printer().line(`Nothing of this is verified yet; "ampoule bundle verify ${folder}" checks the signature and every file.`);
      printer().result({ ...manifest, bytes, verified: false });
    });
  command
    .command('verify <folder>')
    .description('check the signature and every digest of an unpacked bundle')
    .option('--public-key <file>', 'key to trust instead of the one beside the bundle')
    .action(async (folder: string, { publicKey }: { publicKey?: string }) => {
      const verified = await verifyBundle(await Bundle.open(folder), { publicKey });
      printer().line(`All ${verified.files} files (${formatBytes(verified.bytes)}) are as they were signed by\n  ${verified.fingerprint}`);
      printer().result(verified);
    });
  command
    .command('split <tar>')
    .description('cut a bundle into parts that fit a medium')
    .requiredOption('--size <size>', 'largest part, for example 4.7GB or 650MiB')
    .option('--output <folder>', 'where to write the parts; beside the bundle by default')
    .action(async (file: string, { size, output }: { size: string; output?: string }) => {
      const result = await splitBundle({ file, partBytes: parseSize(size), outputDirectory: output ?? dirname(resolve(file)) });
      printer().line(`Carry all of these: ${result.parts.length} parts, ${result.partsFile} and ${result.script}`);
      printer().line(`At the site, with all of them in one folder: sh ${basename(result.script)}`);
      printer().result(result);
    });
  command
    .command('merge <parts-json>')
    .description('check the parts of a bundle and join them')
    .requiredOption('--output <tar>', 'the bundle to write')
    .action(async (partsFile: string, { output }: { output: string }) => {
      const result = await mergeParts({ partsFile, output });
      printer().line(`Joined into ${output}`);
      printer().result(result);
    });
  return command;
}
