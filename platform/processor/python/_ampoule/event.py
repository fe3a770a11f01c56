import json
import os
import sys

from nuclio_sdk.event import Event

from _ampoule.frames import EVENT_BYTES, EVENT_PARTS, HEADER_BYTES
from _ampoule.headers import shared_headers_of

_event_parts = EVENT_PARTS.unpack_from


class _Lazy:
    """An attribute that is read when it is first asked for, and is a plain one from then on. It may be set as well."""

    def __init__(self, read):
        self._read = read
        self._name = read.__name__

    def __get__(self, event, _=None):
        if event is None:
            return self
        value = event.__dict__[self._name] = self._read(event)
        return value


class FrameEvent(Event):
    """An event that reads from its frame what the handler asks for."""

    def __init__(self, buffer, at, trigger, last_in_batch=True):
        self._buffer = buffer
        self._at = at
        self.trigger = trigger
        self.last_in_batch = last_in_batch

    @_Lazy
    def _offsets(self):
        """Where target, head, attributes and body begin, and where the body ends."""
        at = self._at
        _, method, target, head, attributes, body = _event_parts(self._buffer, at + HEADER_BYTES)
        target_at = at + EVENT_BYTES + method
        head_at = target_at + target
        attributes_at = head_at + head
        body_at = attributes_at + attributes
        return target_at, head_at, attributes_at, body_at, body_at + body

    @_Lazy
    def _given(self):
        _, _, start, end, _ = self._offsets
        return json.loads(self._buffer[start:end]) if start < end else {}

    @_Lazy
    def _head(self):
        _, start, end, _, _ = self._offsets
        return self._buffer[start:end]

    @_Lazy
    def _raw(self):
        _, _, _, start, end = self._offsets
        return self._buffer[start:end]

    @_Lazy
    def _target(self):
        start, end, _, _, _ = self._offsets
        return self._buffer[start:end].decode("latin-1")

    @_Lazy
    def body(self):
        if self.content_type != "application/json":
            return self._raw
        try:
            return json.loads(self._raw.decode("utf-8"))
        except ValueError as error:
            sys.stderr.write(f"The body of event {self.id} is not JSON: {error}\n")
            return self._raw

    @_Lazy
    def size(self):
        _, _, _, start, end = self._offsets
        return end - start

    @_Lazy
    def content_type(self):
        return self._given.get("contentType") or shared_headers_of(self._head).get("Content-Type", "")

    @_Lazy
    def headers(self):
        return shared_headers_of(self._head).copy()

    @_Lazy
    def method(self):
        return self._buffer[self._at + EVENT_BYTES : self._offsets[0]].decode("latin-1")

    @_Lazy
    def path(self):
        return self._given.get("path") or self._target.partition("?")[0] or "/"

    @_Lazy
    def url(self):
        return self._given.get("url") or f"http://{self.headers.get('Host', '')}{self._target}"

    @_Lazy
    def fields(self):
        """Of the query and of a form."""
        query = self._target.partition("?")[2]
        is_form = self.content_type.startswith("application/x-www-form-urlencoded")
        if query == "" and not is_form:
            return {}
        from urllib.parse import parse_qsl

        form = self._raw.decode("utf-8", "replace") if is_form else ""
        return dict(parse_qsl(query, keep_blank_values=True) + parse_qsl(form, keep_blank_values=True))

    @_Lazy
    def timestamp(self):
        """In UTC without a time zone, as functions for Nuclio expect it."""
        from datetime import datetime, timedelta

        milliseconds = _event_parts(self._buffer, self._at + HEADER_BYTES)[0]
        return datetime(1970, 1, 1) + timedelta(milliseconds=milliseconds)

    @_Lazy
    def id(self):
        return self._given.get("id") or _random_id()

    @_Lazy
    def type(self):
        return self._given.get("type", "")

    @_Lazy
    def type_version(self):
        return self._given.get("typeVersion", "")

    @_Lazy
    def version(self):
        return self._given.get("version", "")

    @_Lazy
    def shard_id(self):
        return self._given.get("shardId", 0)

    @_Lazy
    def num_shards(self):
        return self._given.get("numShards", 0)

    @_Lazy
    def topic(self):
        return self._given.get("topic", "")

    @_Lazy
    def offset(self):
        return self._given.get("offset", 0)

    def get_header(self, header_key):
        value = self.headers.get(header_key)
        return super().get_header(header_key) if value is None else value


def _random_id():
    """A UUID of version 4."""
    value = int.from_bytes(os.urandom(16), "big")
    value = value & ~(0xF << 76) & ~(0x3 << 62) | (4 << 76) | (2 << 62)
    text = f"{value:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
