exports.handler = (context, event) => {
  const name = event.body.toString() || 'world';
  context.logger.info(`Saying hello to ${name}`);
  context.callback(`Hello, ${name}!`);
};
