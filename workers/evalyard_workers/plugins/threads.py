"""Threads that plugins are called in: one that never comes back is left behind, and another takes its place."""

import contextlib
import ctypes
import itertools
import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from typing import Any, Self


class Interrupted(BaseException):
    """Raised inside of what a thread that was left behind still does."""


class Call(Future[Any]):
    """A call that waits for a thread, or has one."""

    def __init__(self, function: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
        super().__init__()
        self.thread: int | None = None
        self.is_left = False
        self._function = function
        self._arguments = arguments

    def run(self) -> None:
        """Make the call, and keep its result."""
        self.thread = threading.get_ident()
        if not self.set_running_or_notify_cancel():
            return
        try:
            result = self._function(*self._arguments)
        except BaseException as error:  # noqa: BLE001 - a plugin may raise anything, and the thread goes on
            self.set_exception(error)
        else:
            self.set_result(result)


class Threads:
    """At most so many threads, begun when they are needed.

    Daemons, unlike those of concurrent.futures: a process can end while a plugin hangs.
    """

    def __init__(self, most: int, name: str = "plugin") -> None:
        self._most = most
        self._names = (f"{name}_{number}" for number in itertools.count(1))
        self._calls: SimpleQueue[Call | None] = SimpleQueue()
        self._lock = threading.Lock()
        self._threads = 0
        self._load = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()

    def submit(self, function: Callable[..., Any], *arguments: Any) -> Call:
        """Have a function called by the next thread that is free."""
        call = Call(function, arguments)
        with self._lock:
            self._load += 1
            self._begin_more()
        self._calls.put(call)
        return call

    def leave(self, call: Call) -> None:
        """Count no more on the thread of a call; where it runs Python code, that is interrupted."""
        with self._lock:
            if call.is_left or call.done() or call.thread is None:
                return
            call.is_left = True
            self._threads -= 1
            self._load -= 1
            self._begin_more()
        interrupt(call.thread)

    def shutdown(self) -> None:
        """Let the threads end that do nothing; the others end when they are done."""
        with self._lock:
            for _ in range(self._threads):
                self._calls.put(None)

    def _begin_more(self) -> None:
        while self._threads < min(self._load, self._most):
            self._threads += 1
            threading.Thread(target=self._serve, name=next(self._names), daemon=True).start()

    def _serve(self) -> None:
        with contextlib.suppress(Interrupted):
            while (call := self._calls.get()) is not None:
                call.run()
                with self._lock:
                    if call.is_left:
                        return
                    self._load -= 1


def interrupt(thread: int) -> None:
    """Raise Interrupted in another thread as soon as it runs Python code; what sleeps in C code sleeps on."""
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(Interrupted))
