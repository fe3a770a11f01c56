import { runProgram } from '@ampoule/platform-cli/run-program';
import { printer, program } from './program.ts';

await runProgram(program, printer);
