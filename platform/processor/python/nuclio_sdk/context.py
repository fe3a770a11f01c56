from nuclio_sdk.logger import Logger
from nuclio_sdk.platform import Platform
from nuclio_sdk.response import Response
from nuclio_sdk.trace_context import header_in_hand


class UserData:
    """Holds what a function keeps from one event to the next."""


class Context:
    """What a handler sees beside the event. There is one for each worker."""

    def __init__(self, logger=None, platform=None, worker_id=None, trigger=None):
        self.logger = logger or Logger()
        self.platform = platform or Platform("test")
        self.user_data = UserData()
        self.Response = Response
        self.worker_id = worker_id
        self.trigger = trigger
        if trigger is not None:
            self.trigger_name = trigger.name

    @property
    def traceparent(self):
        """The trace that the event in hand is part of, or None; for a list of events, their headers have it."""
        return header_in_hand("traceparent")

    @property
    def tracestate(self):
        return header_in_hand("tracestate")
