import json


class TriggerInfo:
    __slots__ = ("kind", "name")

    def __init__(self, kind="", name=""):
        self.kind = kind
        self.name = name


class Event:
    """An event as handlers see it, and as they send it with platform.call_function."""

    def __init__(
        self,
        body=None,
        content_type=None,
        trigger=None,
        fields=None,
        headers=None,
        _id=None,
        method=None,
        path=None,
        size=None,
        timestamp=None,
        url=None,
        shard_id=None,
        num_shards=None,
        _type=None,
        type_version=None,
        version=None,
        last_in_batch=None,
        offset=None,
        topic=None,
    ):
        self.body = body
        self.content_type = content_type
        self.trigger = trigger or TriggerInfo()
        self.fields = fields or {}
        self.headers = headers or {}
        self.id = _id
        self.method = method
        self.path = path or "/"
        self.size = size
        self.timestamp = timestamp or 0
        self.url = url
        self.shard_id = shard_id
        self.num_shards = num_shards
        self.type = _type
        self.type_version = type_version
        self.version = version
        self.last_in_batch = last_in_batch
        self.offset = offset
        self.topic = topic

    def get_header(self, header_key):
        """A header by its name in any case, or None."""
        wanted = header_key.lower()
        for name, value in self.headers.items():
            if name.lower() == wanted:
                return value
        return None

    def to_json(self):
        fields = {name: getattr(self, name) for name in FIELDS}
        fields["trigger"] = {"kind": self.trigger.kind, "name": self.trigger.name}
        return json.dumps(fields, default=_plain)

    def __repr__(self):
        return self.to_json()


FIELDS = (
    "body",
    "content_type",
    "fields",
    "headers",
    "id",
    "method",
    "path",
    "size",
    "timestamp",
    "url",
    "shard_id",
    "num_shards",
    "type",
    "type_version",
    "version",
    "last_in_batch",
    "offset",
    "topic",
)


def _plain(value):
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
