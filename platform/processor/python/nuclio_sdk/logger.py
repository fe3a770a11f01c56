import calendar
import os
import sys
import time
from contextvars import ContextVar

from nuclio_sdk.json_encoder import encode

LEVELS = ("debug", "info", "warn", "error")
STDOUT = 1

# What collects the records of the event in hand, where its sender asked for them.
collector = ContextVar("collector", default=None)


class Logger:
    """Writes a JSON object a line to stdout."""

    def __init__(self, name="function"):
        self._name = name
        self._bound = {}

    def debug(self, message, *args):
        self._write("debug", message, args, {})

    def info(self, message, *args):
        self._write("info", message, args, {})

    def warn(self, message, *args):
        self._write("warn", message, args, {})

    def error(self, message, *args):
        self._write("error", message, args, {})

    def debug_with(self, message, *args, **fields):
        self._write("debug", message, args, fields)

    def info_with(self, message, *args, **fields):
        self._write("info", message, args, fields)

    def warn_with(self, message, *args, **fields):
        self._write("warn", message, args, fields)

    def error_with(self, message, *args, **fields):
        self._write("error", message, args, fields)

    def bind(self, **fields):
        """Adds fields to all records from now on."""
        self._bound.update(fields)

    def _write(self, level, message, args, fields):
        if not isinstance(message, str):
            message = str(message)
        if args:
            message = _filled(message, args)
        fields = {**fields, **self._bound}
        record = {"time": _now(), "level": level, "name": self._name, "message": message}
        if fields:
            record["with"] = fields
        line = _line_of(record)
        _flush_prints()
        _write_line(line)
        collecting = collector.get()
        if collecting is not None:
            collecting.keep(record)


def _now():
    seconds, milliseconds = divmod(time.time_ns() // 1_000_000, 1000)
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + f".{milliseconds:03}Z"


def milliseconds_of(text):
    """A time of a record since 1970."""
    return calendar.timegm(time.strptime(text[:19], "%Y-%m-%dT%H:%M:%S")) * 1000 + int(text[20:23])


def _filled(message, args):
    """Handlers log anything; what does not fit must not make them fail."""
    try:
        return message % args
    except (TypeError, ValueError):
        return f"{message} {args!r}"


def _line_of(record):
    try:
        text = encode(record)
    except (TypeError, ValueError, RecursionError):
        record["with"] = repr(record["with"])
        text = encode(record)
    return (text + "\n").encode()


def _flush_prints():
    """What the handler has printed comes before what it logs then."""
    try:
        sys.stdout.flush()
    except (OSError, ValueError):
        pass


def _write_line(line):
    """At once, so that nothing is lost when the process ends. A full pipe that does not block delays the writer."""
    while line:
        try:
            line = line[os.write(STDOUT, line) :]
        except BlockingIOError:
            time.sleep(0.001)
        except OSError:
            return
