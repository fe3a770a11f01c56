from nuclio_sdk.json_encoder import encode
from nuclio_sdk.response import Response
from nuclio_sdk.trace_context import add_trace

CALL_TIMEOUT_SECONDS = 60
PORT = 8080
ASCII_SIGNS = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"


class Platform:
    """The part of the context that reaches out of the function."""

    def __init__(self, kind, namespace="default", acknowledge=None):
        self.kind = kind
        self.namespace = namespace
        self._acknowledge = acknowledge
        self._callbacks = {}

    def call_function(self, function_name, event, node=None, timeout=None, service_name_override=None):
        """Calls another function of the same namespace and gives its answer, whatever its status."""
        from http.client import HTTPConnection
        from urllib.parse import quote

        is_json = isinstance(event.body, (dict, list))
        body = encode(event.body) if is_json else event.body
        content_type = "application/json" if is_json else event.content_type or "text/plain"
        headers = {name: value for name, value in event.headers.items() if name.lower() not in ("content-length", "content-type")}
        headers["Content-Type"] = content_type
        headers.setdefault("X-Nuclio-Target", function_name)
        add_trace(headers)
        connection = HTTPConnection(
            service_name_override or self._service_of(function_name), PORT, timeout=timeout or CALL_TIMEOUT_SECONDS
        )
        try:
            # Paths of events are decoded, so one that is passed on may hold what no request line can.
            path = quote(event.path or "/", safe=ASCII_SIGNS)
            connection.request(event.method or ("POST" if body else "GET"), path, body=body, headers=headers)
            answer = connection.getresponse()
            return _response_of(answer, answer.read())
        finally:
            connection.close()

    def explicit_ack(self, qualified_offset):
        """Acknowledges a message of a stream whose trigger leaves that to the handler. It is done at once; it may be awaited."""
        if self._acknowledge is None:
            raise RuntimeError("There is no stream to acknowledge to")
        partition = getattr(qualified_offset, "partition", None)
        if partition is None:
            partition = qualified_offset.shard_id
        offset = qualified_offset.offset
        self._acknowledge(str(qualified_offset.topic), int(partition), offset if isinstance(offset, str) else int(offset))
        return _Done()

    def set_termination_callback(self, callback):
        """The callback runs before the processor ends."""
        self._callbacks["termination"] = callback

    def set_drain_callback(self, callback):
        """The callback runs before partitions are handed to another processor."""
        self._callbacks["drain"] = callback

    def _on_signal(self, callback_type="termination"):
        callback = self._callbacks.get(callback_type)
        return None if callback is None else callback()

    def _service_of(self, function_name):
        return f"nuclio-{self.namespace}-{function_name}" if self.kind == "local" else f"nuclio-{function_name}"


class _Done:
    def __await__(self):
        return iter(())


def _response_of(answer, body):
    headers = {name.lower(): value for name, value in answer.getheaders()}
    content_type = headers.get("content-type", "text/plain")
    if content_type == "application/json":
        import json

        try:
            body = json.loads(body)
        except ValueError:
            # The caller sees what came.
            pass
    return Response(headers=headers, body=body, content_type=content_type, status_code=answer.status)
