// What Bun's own server does in one process.
Bun.serve({
  port: Number(process.argv[2]),
  hostname: '127.0.0.1',
  async fetch(request) {
    if (request.method === 'GET') return new Response('hello');
    if (request.url.endsWith('/echo')) return Response.json(await request.json());
    return new Response(String((await request.arrayBuffer()).byteLength));
  },
});
