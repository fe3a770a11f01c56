import { openLab } from './lab.ts';

// A process with a running host, for lab.test.ts to end.
const lab = await openLab();
const host = await lab.createHost({ name: 'two', dataDiskBytes: 16 * 1024 ** 2 });
await host.boot();
process.stdout.write(`${lab.run}\n`);
setInterval(() => undefined, 60_000);
