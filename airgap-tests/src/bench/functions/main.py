def handler(context, event):
    if event.method == "GET":
        return "hello"
    return event.body if event.path == "/echo" else str(len(event.body))
