// Takes [{ "sensor": "a", "value": 1 }, ...].
exports.handler = (context, event) => {
  let readings;
  try {
    readings = JSON.parse(event.body.toString());
  } catch (error) {
    context.callback(new context.Response(`The body is not JSON: ${error.message}`, {}, 'text/plain', 400));
    return;
  }
  const groups = Map.groupBy(readings, ({ sensor }) => sensor);
  context.callback(Object.fromEntries([...groups].map(([sensor, found]) => [sensor, summaryOf(found.map(({ value }) => value))])));
};

function summaryOf(values) {
  const sum = values.reduce((total, value) => total + value, 0);
  return { count: values.length, mean: sum / values.length, min: Math.min(...values), max: Math.max(...values) };
}
