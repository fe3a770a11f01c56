import os

from _ampoule.frames import HEADER, HEADER_BYTES

_READ_BYTES = 1 << 16
_LARGEST_READ_BYTES = 1 << 20


class Inbox:
    """Reads frames from the processor, as many at a time as there are."""

    def __init__(self, descriptor):
        self._descriptor = descriptor
        self._parts = []
        # Bytes without which there is no whole frame.
        self._missing = 0

    def read(self):
        """Waits for bytes. False where there will be none any more."""
        chunk = os.read(self._descriptor, max(_READ_BYTES, min(self._missing, _LARGEST_READ_BYTES)))
        self._parts.append(chunk)
        self._missing -= len(chunk)
        return len(chunk) > 0

    def frames(self):
        """Gives the whole frames that were read: sequence, kind, trigger, buffer, and where it begins and ends there."""
        if self._missing > 0:
            return
        buffer = self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)
        have = len(buffer)
        at = 0
        end = HEADER_BYTES
        header = HEADER.unpack_from
        while have - at >= HEADER_BYTES:
            length, sequence, kind, _, word = header(buffer, at)
            end = at + 4 + length
            if end > have:
                break
            yield sequence, kind, word, buffer, at, end
            at = end
            end = at + HEADER_BYTES
        self._parts = [buffer[at:]] if at < have else []
        self._missing = end - have if at < have else 0
