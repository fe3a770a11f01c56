def handler(context, event):
    name = event.body.decode() or "world"
    context.logger.info(f"Saying hello to {name}")
    return f"Hello, {name}!"
