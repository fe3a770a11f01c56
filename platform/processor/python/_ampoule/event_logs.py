"""Logs of one event for the one who sent it: header X-Nuclio-Log-Level asks for them."""

import re

from nuclio_sdk.json_encoder import encode
from nuclio_sdk.logger import LEVELS, milliseconds_of

_WANTED = re.compile(rb"(?:^|\n)x-nuclio-log-level:[ \t]*(\w+)", re.IGNORECASE)
# Nuclio leaves the logs out where they are as long as this.
_LIMIT_BYTES = 4096


def level_of(head):
    """The level that a head asks for, as its place in LEVELS, or None."""
    found = _WANTED.search(head)
    level = found.group(1).decode().lower() if found else ""
    return LEVELS.index(level) if level in LEVELS else None


class Collector:
    """Keeps records as Nuclio sends them: the fields beside the rest, and the time in milliseconds."""

    def __init__(self, level):
        self._level = level
        self._records = []

    def keep(self, record):
        if LEVELS.index(record["level"]) >= self._level:
            fields = record.get("with", {})
            kept = dict(fields) if isinstance(fields, dict) else {"with": fields}
            kept.update((name, record[name]) for name in ("level", "name", "message"))
            kept["time"] = milliseconds_of(record["time"])
            self._records.append(kept)

    def add_to(self, output):
        """Adds header x-nuclio-logs to an answer."""
        status, head, body = output
        text = encode(self._records).replace("\x7f", "\\u007f")
        if len(text) >= _LIMIT_BYTES:
            return output
        return status, head + f"x-nuclio-logs: {text}\r\n".encode("latin-1"), body
