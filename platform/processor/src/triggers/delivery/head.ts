/** What no header name may hold; above all the colon, which would end it. */
const FOREIGN_TO_NAMES = /[^!#$%&'*+\-.^_`|~0-9A-Za-z]/g;
const LINE_BREAKS = /[\r\n\0]+/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: all of ASCII is what is looked for
const ASCII = /^[\x00-\x7f]*$/;

/** A header line of an event, from names and values that never were HTTP. Text beyond ASCII is UTF-8, as HTTP clients send it. */
export function headLine(name: string, value: string): string {
  const text = value.replace(LINE_BREAKS, ' ');
  return `${name.replace(FOREIGN_TO_NAMES, '_')}: ${ASCII.test(text) ? text : Buffer.from(text).toString('latin1')}\r\n`;
}
