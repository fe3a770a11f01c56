// COUNT URL TARGET URL TARGET: calls both URLs in turns, each call on a connection of its own, and writes the milliseconds of each as JSON.
import { request } from 'node:http';

const [count, ...sides] = process.argv.slice(1);
const places = [sides.slice(0, 2), sides.slice(2, 4)];

function call([url, target]) {
  const started = performance.now();
  return new Promise((resolve, reject) => {
    const sent = request(url, { agent: false, headers: { 'x-nuclio-target': target } }, (response) => {
      response.resume();
      response.on('end', () =>
        response.statusCode === 200 ? resolve(performance.now() - started) : reject(new Error(`${url} ${response.statusCode}`)),
      );
    });
    sent.on('error', reject).end();
  });
}

const times = [[], []];
for (let i = 0; i < Number(count); i += 1) {
  for (const [side, place] of places.entries()) times[side].push(await call(place));
}
process.stdout.write(JSON.stringify(times));
