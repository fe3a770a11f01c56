import asyncio
import os
import time
from datetime import timezone

BYTES = bytes([0, 1, 127, 128, 254, 255])
ticks = []


def handler(context, event):
    if isinstance(event, list):
        return batch_output(context, event)
    if event.trigger.kind == "cron":
        ticks.append(shown(event))
        return "ticked"
    if event.path.startswith("/event"):
        return shown(event)
    return OUTPUTS[event.path](context, event)


async def async_handler(context, event):
    if not isinstance(event, list) and event.path == "/slow":
        await asyncio.sleep(300)
    if not isinstance(event, list) and event.path == "/pause":
        await asyncio.sleep(0.6)
        return "rested"
    await asyncio.sleep(0)
    return handler(context, event)


def raising(context, event):
    raise RuntimeError("some exception")


def nonsense(context, event):
    output = {}
    output["self"] = output
    return output


def printing(context, event):
    print("a print")
    return "printed"


def logging(context, event):
    context.logger.debug("Debug message")
    context.logger.info_with("Info message", source="rabbit", weight=7)
    context.logger.warn("Warn message")
    context.logger.error_with("Error message", nested={"a": [1]})
    return "logged"


def logging_much(context, event):
    for _ in range(50):
        context.logger.info("x" * 100)
    return "logged"


def slow(context, event):
    while True:
        pass


def pause(context, event):
    time.sleep(0.6)
    return "rested"


OUTPUTS = {
    "/text": lambda context, event: "grüße €",
    "/empty": lambda context, event: "",
    "/bytes": lambda context, event: BYTES,
    "/json": lambda context, event: {"a": "ä", "n": [1, {"b": None}]},
    "/list": lambda context, event: [1, "two", None],
    "/number": lambda context, event: 42,
    "/nothing": lambda context, event: None,
    "/status-text": lambda context, event: (201, "made"),
    "/status-json": lambda context, event: (202, {"made": True}),
    "/status-bytes": lambda context, event: (203, BYTES),
    "/no-content": lambda context, event: (204, ""),
    "/response": lambda context, event: context.Response(
        headers={"X-Text": "v 1", "x-number": 7}, body="<b>", content_type="text/html", status_code=203
    ),
    "/response-json": lambda context, event: context.Response(body={"a": 1}),
    "/response-bytes": lambda context, event: context.Response(body=BYTES, content_type="image/png"),
    "/response-type": lambda context, event: context.Response(body="a,b", headers={"Content-Type": "text/csv"}),
    "/response-length": lambda context, event: context.Response(body="abc", headers={"Content-Length": "1", "Connection": "close"}),
    "/bad-status": lambda context, event: context.Response(status_code=999),
    "/interim-status": lambda context, event: context.Response(status_code=102),
    "/bad-header": lambda context, event: context.Response(headers={"x-a": "1\r\nx-b: 2"}),
    "/error": lambda context, event: (500, "some error"),
    "/exception": raising,
    "/nonsense": nonsense,
    "/exit": lambda context, event: os._exit(3),
    "/print": printing,
    "/echo": lambda context, event: event.body,
    "/log": logging,
    "/log-much": logging_much,
    "/ticks": lambda context, event: ticks,
    "/slow": slow,
    "/pause": pause,
}


def shown(event):
    body = event.body.decode() if isinstance(event.body, bytes) else event.body
    return {
        "id": event.id,
        "type": event.type,
        "method": event.method,
        "path": event.path,
        "url": event.url,
        "size": event.size,
        "contentType": event.content_type,
        "headers": event.headers,
        "fields": event.fields,
        "body": body,
        "trigger": {"kind": event.trigger.kind, "name": event.trigger.name},
        "timestamp": event.timestamp.replace(tzinfo=timezone.utc).timestamp() * 1000,
    }


def batch_output(context, events):
    if any(event.path == "/exception" for event in events):
        raise RuntimeError("some exception")
    return [
        context.Response(body=f"{event.body.decode()} of {len(events)}", event_id=event.id)
        for event in reversed(events)
        if event.path != "/unanswered"
    ]
