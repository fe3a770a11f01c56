exports.handler = (_context, event) => {
  if (event.method === 'GET') return 'hello';
  return event.path === '/echo' ? JSON.parse(event.body) : String(event.body.length);
};
