// Answers on an address over TCP and UDP until its standard input ends: what the probe must be able to find. listener.mjs ADDRESS
import { createSocket } from 'node:dgram';
import { createServer } from 'node:http';

const address = process.argv[2];
const http = createServer((_request, response) => response.end('here'));
const udp = createSocket('udp4');
udp.on('message', (message, from) => udp.send(message, from.port, from.address));
http.listen(0, address, () => {
  const { port } = http.address();
  udp.bind(port, address, () => process.stdout.write(`${port}\n`));
});
process.stdin.on('end', () => process.exit()).resume();
