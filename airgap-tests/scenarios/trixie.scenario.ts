import { testOn } from '../src/on-distribution.ts';

// Debian 13.
testOn('trixie');
