/**
 * What the processor needs of node:fs until it listens. An import of it evaluates all of its exports, also those that Node.js would load
 * only when they are asked for, which takes longer than what is done with it.
 */
export const { readFileSync, writeSync } = process.getBuiltinModule('node:fs');
