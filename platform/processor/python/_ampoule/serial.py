"""Runs a handler that is a plain function: one event after the other, without an event loop."""

import json
from time import perf_counter_ns

from nuclio_sdk.logger import collector
from nuclio_sdk.trace_context import in_hand

from _ampoule.event import FrameEvent
from _ampoule.event_logs import Collector, level_of
from _ampoule.frames import BATCH, EVENT, EVENT_BYTES, EVENT_PARTS, HEADER_BYTES, MAX_DURATION, answer_frame, batch_frame
from _ampoule.headers import has_trace
from _ampoule.outputs import TEXT, batch_outputs, output_of
from _ampoule.world import SIGNALS

# What is finished is handed over at least this often while events are at hand.
FLUSH_NS = 500_000


def run_serial(world, await_):
    """Returns when the processor has no more. `await_` runs a coroutine that a handler or callback has given."""
    inbox = world.inbox
    flush = world.outbox.flush
    runner = _Runner(world, await_)
    while inbox.read():
        runner.run(inbox.frames())
        flush()


class _Runner:
    def __init__(self, world, await_):
        self._world = world
        self._await = await_
        self._triggers = {}

    def run(self, frames):
        handler = self._world.handler
        context = self._world.context
        outbox = self._world.outbox
        put = outbox.put
        begin = self._world.claims.begin
        triggers = self._triggers
        parts = EVENT_PARTS.unpack_from
        clock = perf_counter_ns
        last_head = b""
        level = None
        is_traced = False
        was_traced = in_hand.get() is not None
        flushed_at = clock()
        for sequence, kind, word, buffer, at, end in frames:
            if kind != EVENT:
                self._run_other(sequence, kind, buffer, at, end)
                continue
            if not begin(sequence):
                continue
            _, method_length, target_length, head_length, _, _ = parts(buffer, at + HEADER_BYTES)
            if head_length:
                head_at = at + EVENT_BYTES + method_length + target_length
                head = buffer[head_at : head_at + head_length]
                if head != last_head:
                    last_head = head
                    level = level_of(head)
                    is_traced = has_trace(head)
            else:
                level = None
                is_traced = False
                last_head = b""
            trigger = triggers.get(word)
            if trigger is None:
                trigger = triggers[word] = self._world.trigger_of(word)
            event = FrameEvent(buffer, at, trigger)
            if is_traced or was_traced:
                in_hand.set(event)
                was_traced = is_traced
            started = clock()
            if level is None:
                try:
                    given = handler(context, event)
                    output = (200, TEXT, given.encode()) if type(given) is str else self._output_of(given)
                except Exception as error:
                    output = self._world.failed(error)
            else:
                output = self._run_collecting(event, level)
            now = clock()
            put(answer_frame(sequence, output, min((now - started) // 1000, MAX_DURATION)))
            if now - flushed_at > FLUSH_NS:
                outbox.flush()
                flushed_at = clock()

    def _output_of(self, given):
        return output_of(self._await(given) if hasattr(type(given), "__await__") else given)

    def _run_collecting(self, event, level):
        collecting = Collector(level)
        token = collector.set(collecting)
        try:
            try:
                output = self._output_of(self._world.handler(self._world.context, event))
            except Exception as error:
                output = self._world.failed(error)
        finally:
            collector.reset(token)
        return collecting.add_to(output)

    def _run_other(self, sequence, kind, buffer, at, end):
        if kind == BATCH:
            if self._world.claims.begin(sequence):
                self._run_batch(sequence, self._world.events_within(buffer, at, end))
        else:
            self._signal(json.loads(buffer[at + HEADER_BYTES : end])["kind"])

    def _run_batch(self, sequence, events):
        world = self._world
        in_hand.set(None)
        started = perf_counter_ns()
        try:
            given = world.handler(world.context, events)
            if hasattr(type(given), "__await__"):
                given = self._await(given)
            outputs = batch_outputs(given, events)
        except Exception as error:
            outputs = [world.failed(error)] * len(events)
        world.outbox.put(batch_frame(sequence, outputs, min((perf_counter_ns() - started) // 1000, MAX_DURATION)))
        world.outbox.flush()

    def _signal(self, kind):
        name, done = SIGNALS[kind]
        try:
            given = name and self._world.context.platform._on_signal(name)
            if hasattr(type(given), "__await__"):
                self._await(given)
        except Exception as error:
            self._world.context.logger.error_with(f"The {kind} callback failed", error=str(error))
        self._world.send_control({"kind": done})
