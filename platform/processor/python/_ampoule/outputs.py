"""What handlers give, as status, head and body."""

from nuclio_sdk.json_encoder import encode
from nuclio_sdk.response import Response

from _ampoule.headers import head_of, type_line

TEXT = type_line("text/plain")
JSON = type_line("application/json")


def output_of(given):
    """Maps as Nuclio does. Raises ValueError where HTTP does not allow a header or status."""
    if isinstance(given, str):
        return 200, TEXT, given.encode()
    if isinstance(given, Response):
        return _response_output(given)
    if isinstance(given, tuple) and len(given) == 2:
        return _status_output(*given)
    if isinstance(given, (dict, list)):
        return 200, JSON, encode(given).encode()
    return 200, TEXT, _bytes_of(given)


def failure_output(error, trace):
    """The answer to an event whose handler failed."""
    text = f'Exception caught in handler - "{error}": {trace}'
    return 500, TEXT, text.encode("utf-8", "replace")


def batch_outputs(given, events):
    """
    An answer for each event of a batch. Answers that carry an event_id go to that event; a list without any is in the order of the
    events; anything else is the answer to all.
    """
    if not isinstance(given, list):
        return [output_of(given)] * len(events)
    by_id = {each.event_id: each for each in given if isinstance(each, Response) and each.event_id}
    if by_id:
        return [output_of(by_id[event.id]) if event.id in by_id else MISSING for event in events]
    return [output_of(given[i]) if i < len(given) else MISSING for i in range(len(events))]


MISSING = 500, TEXT, b"The handler gave no answer to this event of the batch"


def _response_output(response):
    status = _status_of(response.status_code)
    body = response.body
    if isinstance(body, (dict, list)):
        return status, head_of("application/json", response.headers), encode(body).encode()
    return status, head_of(response.content_type, response.headers), _bytes_of(body)


def _status_output(status, body):
    status = _status_of(status)
    if isinstance(body, str):
        return status, TEXT, body.encode()
    if body is None or isinstance(body, (bytes, bytearray, memoryview)):
        return status, TEXT, _bytes_of(body)
    return status, JSON, encode(body).encode()


def _status_of(status):
    """An http.HTTPStatus is a number too. Below 200 are those after which a client waits for the answer proper."""
    if isinstance(status, int) and 200 <= status <= 599:
        return int(status)
    raise ValueError(f"Invalid status code {status!r}")


def _bytes_of(value):
    if value is None:
        return b""
    if isinstance(value, bytes):
        return value
    if isinstance(value, (bytearray, memoryview)):
        return bytes(value)
    return str(value).encode()
