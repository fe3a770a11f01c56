import { createPrinter } from '@ampoule/lib/print';
import { benchControlPlane } from './control-plane.ts';
import { benchEtl } from './etl/etl.ts';
import { benchInstall } from './install.ts';
import { benchProcessor } from './processor.ts';

type Bench = (progress: (text: string) => void) => Promise<unknown>;

const benches: Record<string, Bench> = {
  install: benchInstall,
  processor: benchProcessor,
  'control-plane': benchControlPlane,
  etl: benchEtl,
};
const printer = createPrinter({ json: true });
const [name = ''] = process.argv.slice(2);
const bench = benches[name];
if (bench === undefined) {
  process.stderr.write(`Usage: npm run bench -- ${Object.keys(benches).join('|')}\n`);
  process.exitCode = 2;
} else {
  try {
    printer.result(await bench((text) => process.stderr.write(`${text}\n`)));
  } catch (error) {
    printer.error(error);
    process.exitCode = 1;
  }
}
