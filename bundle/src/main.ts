import { printer, program } from './program.ts';

await program.parseAsync().catch((error: unknown) => {
  printer().error(error);
  process.exitCode = 1;
});
