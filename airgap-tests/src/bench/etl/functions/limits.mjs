// What no function can be faster than: taking the body, and looking at each byte of it once.
export function take(_context, event) {
  return String(event.body.length);
}

export function touch(_context, event) {
  const { body } = event;
  let newlines = 0;
  for (let at = 0; at < body.length; at += 1) if (body[at] === 10) newlines += 1;
  return String(newlines);
}
