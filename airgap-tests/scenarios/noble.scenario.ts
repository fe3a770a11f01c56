import { testOn } from '../src/on-distribution.ts';

// Ubuntu 24.04.
testOn('noble');
