"""The trace that the event in hand is part of (https://www.w3.org/TR/trace-context/)."""

from contextvars import ContextVar

# The event in hand, where it is part of a trace.
in_hand = ContextVar("in_hand", default=None)


def header_in_hand(name):
    """A header of the event in hand, or None."""
    event = in_hand.get()
    return None if event is None else event.get_header(name)


def add_trace(headers):
    """Passes the trace on, unless the headers name one already."""
    traceparent = header_in_hand("traceparent")
    if traceparent is None or any(name.lower() == "traceparent" for name in headers):
        return
    headers["traceparent"] = traceparent
    tracestate = header_in_hand("tracestate")
    if tracestate is not None:
        headers["tracestate"] = tracestate
