import { startAgent } from './server.ts';
import { readAgentSettings } from './settings.ts';

/** The entry of a build pod: it runs the commands of one build, whose code and result go over the network. */
const server = await startAgent(readAgentSettings(process.env));
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => process.exit(0));
process.stdout.write(`waits for an order at ${JSON.stringify(server.address())}\n`);
