"""A worker of the processor: loads the handler, then runs it for what comes in. See README.md."""

import os
import signal
import sys

from _ampoule.frames import control_frame
from _ampoule.inbox import Inbox
from _ampoule.load import LoadFailure, load_handler
from _ampoule.shared import Claims, Outbox, map_shared
from _ampoule.trace import trace_of
from _ampoule.world import World
from nuclio_sdk.context import Context
from nuclio_sdk.event import TriggerInfo
from nuclio_sdk.logger import Logger
from nuclio_sdk.platform import Platform

EVENTS = 3
ANSWERS = 4
SHARED = 5
PR_SET_PDEATHSIG = 1
CO_COROUTINE = 0x80


def main():
    _die_with_processor()
    # The processor decides when its workers end.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.stdout.reconfigure(line_buffering=True)
    for descriptor in (EVENTS, ANSWERS, SHARED):
        os.set_inheritable(descriptor, False)
    memory = map_shared(SHARED)
    outbox = Outbox(memory, ANSWERS)
    inbox = Inbox(EVENTS)
    process = os.getpid()
    status = 0
    try:
        _serve(inbox, outbox, Claims(memory))
    except SystemExit as end:
        status = _status_of(end)
    except KeyboardInterrupt:
        status = 1
    # A copy of this process that the function has made must not send the same answers again.
    if os.getpid() == process:
        outbox.flush()
    _end(status)


def _serve(inbox, outbox, claims):
    start = _start_of(inbox)
    if start is None:
        return
    if "adopt" in start:
        _adopt(**start["adopt"])

    def acknowledge(topic, partition, offset):
        outbox.put(control_frame({"kind": "ack", "topic": topic, "partition": partition, "offset": offset}))
        outbox.flush()

    triggers = [(each["index"], each["kind"], each["name"]) for each in start["triggers"]]
    context = Context(
        logger=Logger(start["functionName"]),
        platform=Platform("kube", start["namespace"], acknowledge),
        worker_id=start["workerId"],
        trigger=TriggerInfo(*triggers[0][1:]) if triggers else TriggerInfo(),
    )
    world = World(inbox, outbox, claims, context, triggers)
    loops = _Loops()
    try:
        world.handler, init_context = load_handler(start["folder"], start.get("handler"))
        if init_context is not None:
            _init(init_context, context, loops)
    except LoadFailure as failure:
        world.send_control({"kind": "failed", **failure.parts})
        sys.exit(1)
    is_async = _is_coroutine_function(world.handler)
    if is_async:
        from _ampoule.concurrent import run_concurrent

        loop = loops.get()
        world.send_control({"kind": "ready"})
        run_concurrent(world, start["concurrency"], EVENTS, loop)
    else:
        from _ampoule.serial import run_serial

        world.send_control({"kind": "ready"})
        run_serial(world, loops.run)


def _start_of(inbox):
    """The first frame says what this worker is. None where the processor is gone already."""
    import json

    from _ampoule.frames import HEADER_BYTES

    while inbox.read():
        frames = list(inbox.frames())
        if frames:
            _, _, _, buffer, at, end = frames[0]
            return json.loads(buffer[at + HEADER_BYTES : end])
    return None


def _adopt(env, folder, path):
    """This process was started before it was known for which function."""
    import time

    os.environ.clear()
    os.environ.update(env)
    time.tzset()
    os.chdir(folder)
    sys.path[1:1] = path


class _Loops:
    """The event loop, once there is need of one: all coroutines of a function run in the same."""

    _loop = None

    def get(self):
        import asyncio

        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            asyncio.set_event_loop(self._loop)
        return self._loop

    def run(self, awaitable):
        async def wait():
            return await awaitable

        return self.get().run_until_complete(wait())


def _init(init_context, context, loops):
    try:
        given = init_context(context)
        if hasattr(type(given), "__await__"):
            loops.run(given)
    except Exception as error:
        raise LoadFailure(
            "AMP_HANDLER_LOAD", "init_context failed", trace_of(error), "Correct the code of the function, then deploy it again."
        ) from error


def _is_coroutine_function(handler):
    """As inspect tells it, whose import takes longer than this."""
    while hasattr(handler, "func"):
        handler = handler.func
    if not hasattr(handler, "__code__"):
        handler = getattr(handler, "__func__", None) or getattr(type(handler), "__call__", None)
    code = getattr(handler, "__code__", None)
    return code is not None and code.co_flags & CO_COROUTINE != 0


def _die_with_processor():
    """The end of the processor shows in the socket too, but only to a handler that has ended."""
    try:
        import ctypes

        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    except (ImportError, OSError, AttributeError):
        pass


def _status_of(end):
    if end.code is None:
        return 0
    if isinstance(end.code, int):
        return end.code & 0xFF
    print(end.code, file=sys.stderr)
    return 1


def _end(status):
    """At once: threads that the function has left would keep the process, and with it the event that asked for its end."""
    import atexit

    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            pass
    os._exit(status)


if __name__ == "__main__":
    main()
