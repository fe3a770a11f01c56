#!/usr/bin/env node
import { printer, program } from './program.ts';
import { runProgram } from './run-program.ts';

await runProgram(program, printer);
