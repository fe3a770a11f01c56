/** The function of the demo and the scenarios. */
export const greetingSource = `exports.handler = (context, event) => {
  context.callback(\`hello \${event.body.toString()}\`);
};
`;
