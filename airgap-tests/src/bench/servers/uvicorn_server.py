"""What uvicorn does in one process, with nothing above it."""

import json
import sys

import uvicorn


async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    body = b"hello"
    if scope["method"] != "GET":
        parts = []
        while True:
            message = await receive()
            parts.append(message.get("body", b""))
            if not message.get("more_body"):
                break
        content = b"".join(parts)
        body = json.dumps(json.loads(content)).encode() if scope["path"] == "/echo" else str(len(content)).encode()
    headers = [(b"content-type", b"text/plain"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="error", access_log=False)
