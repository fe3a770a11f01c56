"""Header lines, `Name: value\\r\\n` in ISO 8859-1, to a dictionary and back."""

import re

_NAME = re.compile(r"[!#$%&'*+.^_`|~\w-]+", re.ASCII)
_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
# Of the connection or made from the body, so that handlers cannot set them.
_OURS = frozenset(("content-length", "transfer-encoding", "connection", "keep-alive", "date", "server"))
_REMEMBERED = 256

_names = {}
_type_lines = {}
_latest = (b"", {})


def has_trace(head):
    """Whether a head may name a trace. Told by what takes the least time, since it is asked of every event."""
    return b"raceparent" in head or b"RACEPARENT" in head


def shared_headers_of(head):
    """The headers of a head, not to be changed. Heads of one client are mostly the same, so the latest are kept."""
    global _latest
    latest_head, headers = _latest
    if head != latest_head:
        headers = _headers_of(head)
        _latest = (head, headers)
    return headers


def _headers_of(head):
    """Names in canonical form, such as `X-Request-Id`. A name that comes more than once has its values joined by commas."""
    headers = {}
    for line in head.decode("latin-1").split("\r\n"):
        name, colon, value = line.partition(":")
        if colon == "":
            continue
        name = _names.get(name) or _canonical(name)
        value = value.strip()
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers


def _canonical(name):
    canonical = "-".join([part.capitalize() for part in name.split("-")])
    if len(_names) < _REMEMBERED:
        _names[name] = canonical
    return canonical


def type_line(content_type):
    """The header line of a content type."""
    line = _type_lines.get(content_type)
    if line is None:
        line = _line("content-type", content_type)
        if len(_type_lines) < _REMEMBERED:
            _type_lines[content_type] = line
    return line


def head_of(content_type, headers):
    """Header lines of an answer; a header's own content type wins. Raises ValueError where HTTP does not allow a header."""
    lines = {}
    for name, value in headers.items():
        name = str(name).lower()
        if value is not None and name not in _OURS:
            lines[name] = _line(name, _text(value))
    if "content-type" not in lines:
        lines["content-type"] = type_line(content_type)
    return b"".join(lines.values())


def _text(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def _line(name, value):
    if _NAME.fullmatch(name) is None:
        raise ValueError(f"Invalid header name {name!r}")
    if _VALUE.fullmatch(value) is None:
        raise ValueError(f"Invalid value of header {name}")
    return f"{name}: {value}\r\n".encode("latin-1")
