// The yardstick: what an HTTP server of Node.js does in one process, with nothing around it.
import { createServer } from 'node:http';

createServer((request, response) => {
  if (request.method === 'GET') {
    response.writeHead(200, { 'content-type': 'text/plain' }).end('hello');
    return;
  }
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    const body = Buffer.concat(chunks);
    if (request.url === '/echo') {
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(JSON.parse(body)));
    } else response.writeHead(200, { 'content-type': 'text/plain' }).end(String(body.length));
  });
}).listen(Number(process.argv[2]), '127.0.0.1');
