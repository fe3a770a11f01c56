"""Memory that the processor still reads when this process is gone. Its layout is that of src/engine/shared-progress.ts."""

import os
import time
from mmap import mmap
from struct import Struct
from threading import Lock

# Sequence of the latest event that was begun.
_BEGUN = 0
# The processor adds one to the first when it takes events back, and sets the second to the same when it has said which.
_GENERATION = 4
_DECIDED = 5
# The generation that this process has seen the end of.
_PASSED = 6
# The first that was taken back and the first that was not.
_RANGE = Struct("<II")
_RANGE_AT = 8
# Bytes in the outbox, and how many bytes were written to the processor before them.
_FILLED_AT = 16
_WRITTEN_AT = 24
# Rises by one before and after these two change their meaning.
_VERSION_AT = 32
_OUTBOX_AT = 64

_WORD = Struct("<I")
_LONG = Struct("<Q")
_SEQUENCES = 1 << 31
_PAUSE_SECONDS = 0.00005


class Claims:
    """Tells the processor which events have begun, so that it can take back the others."""

    def __init__(self, memory):
        self._memory = memory
        self._passed = 0

    def begin(self, sequence):
        """Claims an event. False where the processor has taken it back."""
        memory = self._memory
        _WORD.pack_into(memory, _BEGUN, sequence)
        return memory[_GENERATION] == self._passed or self._is_left(sequence)

    def _is_left(self, sequence):
        memory = self._memory
        generation = memory[_GENERATION]
        while memory[_DECIDED] != generation:
            time.sleep(_PAUSE_SECONDS)
        first, end = _RANGE.unpack_from(memory, _RANGE_AT)
        taken = (end - first) % _SEQUENCES
        place = (sequence - first) % _SEQUENCES
        if place >= taken - 1 and place < _SEQUENCES // 2:
            self._passed = generation
            memory[_PASSED] = generation
        return place >= taken


class Outbox:
    """Frames to the processor. Those that are not written yet lie in shared memory, so that the end of this process does not lose them."""

    def __init__(self, memory, descriptor):
        self._memory = memory
        self._view = memoryview(memory)
        self._room = len(memory) - _OUTBOX_AT
        self._descriptor = descriptor
        self._filled = 0
        self._written = 0
        self._version = 0
        self._lock = Lock()

    def put(self, frame):
        length = len(frame)
        with self._lock:
            filled = self._filled
            if filled + length > self._room:
                self._flush()
                filled = 0
                if length > self._room:
                    self._write(memoryview(frame))
                    return
            at = _OUTBOX_AT + filled
            self._memory[at : at + length] = frame
            self._filled = filled = filled + length
            _WORD.pack_into(self._memory, _FILLED_AT, filled)

    def flush(self):
        if self._filled > 0:
            with self._lock:
                self._flush()

    def _flush(self):
        filled = self._filled
        if filled == 0:
            return
        # Emptied last, so that it can be told from the bytes that arrived what is missing.
        self._send(self._view[_OUTBOX_AT : _OUTBOX_AT + filled])
        self._filled = 0
        self._change_version()
        _WORD.pack_into(self._memory, _FILLED_AT, 0)
        self._count(filled)
        self._change_version()

    def _write(self, frame):
        self._send(frame)
        self._count(len(frame))

    def _send(self, content):
        while len(content) > 0:
            content = content[os.write(self._descriptor, content) :]

    def _change_version(self):
        self._version = (self._version + 1) & 0xFFFFFFFF
        _WORD.pack_into(self._memory, _VERSION_AT, self._version)

    def _count(self, length):
        self._written += length
        _LONG.pack_into(self._memory, _WRITTEN_AT, self._written)


def map_shared(descriptor):
    return mmap(descriptor, os.fstat(descriptor).st_size)
