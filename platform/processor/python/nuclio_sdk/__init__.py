"""The names that functions import from nuclio_sdk."""

from nuclio_sdk.context import Context
from nuclio_sdk.event import Event, TriggerInfo
from nuclio_sdk.exceptions import ExceptionWithResponse
from nuclio_sdk.logger import Logger
from nuclio_sdk.platform import Platform
from nuclio_sdk.qualified_offset import QualifiedOffset
from nuclio_sdk.response import Response

__all__ = [
    "Context",
    "Event",
    "ExceptionWithResponse",
    "Logger",
    "Platform",
    "QualifiedOffset",
    "Response",
    "TriggerInfo",
]
