from nuclio_sdk.event import TriggerInfo

from _ampoule.event import FrameEvent
from _ampoule.frames import HEADER, control_frame, frames_within
from _ampoule.outputs import failure_output
from _ampoule.trace import trace_of


class World:
    """What the loops of this process share: the handler, its context, and the ways from and to the processor."""

    def __init__(self, inbox, outbox, claims, context, triggers):
        self.inbox = inbox
        self.outbox = outbox
        self.claims = claims
        self.context = context
        self.handler = None
        self._triggers = {index: TriggerInfo(kind, name) for index, kind, name in triggers}

    def trigger_of(self, index):
        return self._triggers.get(index) or TriggerInfo("http")

    def events_within(self, buffer, at, end):
        """The events of a batch."""
        offsets = frames_within(buffer, at, end)
        last = len(offsets) - 1
        return [
            FrameEvent(buffer, offset, self.trigger_of(HEADER.unpack_from(buffer, offset)[4]), i == last)
            for i, offset in enumerate(offsets)
        ]

    def failed(self, error):
        """The answer where the handler raised."""
        trace = trace_of(error)
        self.context.logger.error_with("Exception caught in handler", error=str(error), traceback=trace)
        return failure_output(error, trace)

    def send_control(self, message):
        self.outbox.put(control_frame(message))
        self.outbox.flush()


# What a signal of the processor means in the names of nuclio_sdk, and the answer to it.
SIGNALS = {
    "drain": ("drain", "drained"),
    "resume": (None, "resumed"),
    "terminate": ("termination", "terminated"),
    "ping": (None, "alive"),
}
