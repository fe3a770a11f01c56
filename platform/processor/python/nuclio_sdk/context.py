from nuclio_sdk.logger import Logger
from nuclio_sdk.platform import Platform
from nuclio_sdk.response import Response


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
