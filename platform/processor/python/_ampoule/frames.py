"""The frames of src/engine/frames.ts: their kinds, their fixed parts, and how answers are written."""

import json
from struct import Struct

EVENT = 1
ANSWER = 2
BATCH = 3
CONTROL = 4

# Bytes after the first number · sequence · kind · flags · trigger or status.
HEADER = Struct("<IIBBH")
HEADER_BYTES = HEADER.size
# Timestamp, then the lengths of method, target, head, attributes and body.
EVENT_PARTS = Struct("<dHHIII")
EVENT_BYTES = HEADER_BYTES + EVENT_PARTS.size
# The header, then duration in µs, and the lengths of head and body.
ANSWER_START = Struct("<IIBBHIII")
MAX_DURATION = 0xFFFFFFFF

_answer_start = ANSWER_START.pack
_answer_rest = ANSWER_START.size - 4
_header = HEADER.pack
_header_rest = HEADER_BYTES - 4


def answer_frame(sequence, output, duration):
    """`output` is status, head and body."""
    status, head, body = output
    head_length = len(head)
    body_length = len(body)
    start = _answer_start(
        _answer_rest + head_length + body_length, sequence, ANSWER, 0, status, duration, head_length, body_length
    )
    return b"".join((start, head, body))


def batch_frame(sequence, outputs, duration):
    """Answers of a batch, numbered from 0."""
    frames = b"".join([answer_frame(i, output, duration) for i, output in enumerate(outputs)])
    return _header(_header_rest + len(frames), sequence, BATCH, 0, 0) + frames


def control_frame(message):
    content = json.dumps(message).encode()
    return _header(_header_rest + len(content), 0, CONTROL, 0, 0) + content


def frames_within(buffer, at, end):
    """Where the frames of a batch frame begin."""
    offsets = []
    at += HEADER_BYTES
    while at < end:
        offsets.append(at)
        at += 4 + HEADER.unpack_from(buffer, at)[0]
    return offsets
