"""Runs a handler that is a coroutine function: several events at a time in one event loop."""

import asyncio
import json
import sys
from collections import deque
from time import perf_counter_ns

from nuclio_sdk.logger import collector
from nuclio_sdk.trace_context import in_hand

from _ampoule.event import FrameEvent
from _ampoule.event_logs import Collector, level_of
from _ampoule.frames import BATCH, CONTROL, EVENT, HEADER_BYTES, MAX_DURATION, answer_frame, batch_frame
from _ampoule.headers import has_trace
from _ampoule.outputs import batch_outputs, output_of
from _ampoule.world import SIGNALS

# How long events may be begun one after the other before what has begun goes on.
TURN_NS = 2_000_000


def run_concurrent(world, concurrency, descriptor, loop):
    """Returns when the processor has no more."""
    runner = _Runner(world, concurrency, loop)
    loop.add_reader(descriptor, runner.read)
    loop.run_forever()


class _Runner:
    def __init__(self, world, concurrency, loop):
        self._world = world
        self._concurrency = concurrency
        self._loop = loop
        self._waiting = deque()
        self._running = 0
        # The event loop itself keeps tasks alive by weak references alone.
        self._tasks = set()
        self._is_pumping = False
        self._is_pump_due = False

    def read(self):
        if self._world.inbox.read():
            frames = self._world.inbox.frames()
            self._waiting.extend([frame for frame in frames if frame[1] != CONTROL or self._is_for_later(frame)])
            self._pump()
        else:
            self._loop.stop()

    def _is_for_later(self, frame):
        """A ping asks whether the event loop goes on, whatever waits."""
        _, _, _, buffer, at, end = frame
        if _kind_of(buffer, at, end) != "ping":
            return True
        self._world.send_control({"kind": "alive"})
        return False

    def _pump(self):
        """Begins what can begin now."""
        self._is_pump_due = False
        self._is_pumping = True
        until = perf_counter_ns() + TURN_NS
        while self._waiting and self._running < self._room():
            if perf_counter_ns() > until:
                self._pump_soon()
                break
            self._begin(*self._waiting.popleft())
        self._is_pumping = False
        self._world.outbox.flush()

    def _room(self):
        """A signal waits until all that came before it has ended, and then runs alone."""
        return self._concurrency if self._waiting[0][1] in (EVENT, BATCH) else 1

    def _pump_soon(self):
        if not self._is_pump_due:
            self._is_pump_due = True
            self._loop.call_soon(self._pump)

    def _begin(self, sequence, kind, word, buffer, at, end):
        if kind == EVENT:
            if self._world.claims.begin(sequence):
                self._start(self._run(sequence, FrameEvent(buffer, at, self._world.trigger_of(word))))
        elif kind == BATCH:
            if self._world.claims.begin(sequence):
                self._start(self._run_batch(sequence, self._world.events_within(buffer, at, end)))
        else:
            # No event begins until the signal has been answered.
            self._running = self._concurrency
            self._start(self._signal(_kind_of(buffer, at, end)))

    def _start(self, coroutine):
        self._running += 1
        task = _make_task(coroutine, self._loop)
        if not task.done():
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def _end(self):
        self._running -= 1
        if not self._is_pumping:
            self._pump_soon()

    async def _run(self, sequence, event):
        world = self._world
        level = level_of(event._head)
        collecting = None if level is None else Collector(level)
        if collecting is not None:
            collector.set(collecting)
        if has_trace(event._head):
            in_hand.set(event)
        started = perf_counter_ns()
        try:
            output = output_of(await world.handler(world.context, event))
        except (Exception, asyncio.CancelledError) as error:
            output = world.failed(error)
        if collecting is not None:
            output = collecting.add_to(output)
        world.outbox.put(answer_frame(sequence, output, _microseconds_since(started)))
        self._end()

    async def _run_batch(self, sequence, events):
        world = self._world
        started = perf_counter_ns()
        try:
            outputs = batch_outputs(await world.handler(world.context, events), events)
        except (Exception, asyncio.CancelledError) as error:
            outputs = [world.failed(error)] * len(events)
        world.outbox.put(batch_frame(sequence, outputs, _microseconds_since(started)))
        self._end()

    async def _signal(self, kind):
        name, done = SIGNALS[kind]
        try:
            given = name and self._world.context.platform._on_signal(name)
            if hasattr(type(given), "__await__"):
                await given
        except (Exception, asyncio.CancelledError) as error:
            self._world.context.logger.error_with(f"The {kind} callback failed", error=str(error))
        self._world.send_control({"kind": done})
        self._running -= self._concurrency
        self._end()


def _kind_of(buffer, at, end):
    return json.loads(buffer[at + HEADER_BYTES : end])["kind"]


def _microseconds_since(started):
    return min((perf_counter_ns() - started) // 1000, MAX_DURATION)


if sys.version_info >= (3, 12):

    def _make_task(coroutine, loop):
        """Runs it at once as far as it goes without waiting."""
        return asyncio.Task(coroutine, loop=loop, eager_start=True)

else:

    def _make_task(coroutine, loop):
        return loop.create_task(coroutine)
