import { stripVTControlCharacters, styleText } from 'node:util';

export type Colour = 'green' | 'yellow' | 'red';

/** A column of a table; a wide one is shown with `-o wide` only. */
export interface Column<Row> {
  title: string;
  value(row: Row): string;
  isWide?: boolean;
  colour?(text: string): Colour;
}

const GAP = '  ';

/** Rows below their titles. What comes from a cluster cannot command the terminal. */
export function table<Row>(columns: readonly Column<Row>[], rows: readonly Row[], isWide = false): string {
  const shown = columns.filter((column) => isWide || column.isWide !== true);
  const cells = rows.map((row) => shown.map(({ value }) => plain(value(row)) || '-'));
  const widths = shown.map(({ title }, index) => Math.max(title.length, ...cells.map((line) => line[index]?.length ?? 0)));
  const padding = (text: string, index: number) => (index === shown.length - 1 ? '' : ' '.repeat((widths[index] ?? 0) - text.length));
  const coloured = (text: string, index: number) => {
    const colour = shown[index]?.colour?.(text);
    return `${colour === undefined ? text : styleText(colour, text)}${padding(text, index)}`;
  };
  const head = shown.map(({ title }, index) => `${title.toUpperCase()}${padding(title, index)}`).join(GAP);
  return [styleText('bold', head), ...cells.map((line) => line.map(coloured).join(GAP))].join('\n');
}

/** A text on one line, without what would move the cursor or change colours. */
export function plain(text: string): string {
  return printable(text).replaceAll(/\s+/g, ' ').trim();
}

/** A text without what would move the cursor or change colours. */
export function printable(text: string): string {
  return stripVTControlCharacters(text).replaceAll(/(?![\n\t])\p{Cc}/gu, '');
}
