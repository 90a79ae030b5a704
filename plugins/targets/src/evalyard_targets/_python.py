"""The `python` target."""

import asyncio
import contextvars
import importlib
import inspect
import os
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from pydantic import Field

from evalyard import Config, Target, TargetError, TargetRequest, TargetResponse

_SWITCH: Final = "EVALYARD_PYTHON_TARGETS"
_MOST_THREADS: Final = 1000
_FRAMES_SHOWN: Final = 3
_LONGEST_REASON: Final = 500


class PythonConfig(Config):
    """Which function answers."""

    function: str = Field(
        pattern=r"^[A-Za-z_][A-Za-z0-9_.]*:[A-Za-z_][A-Za-z0-9_.]*$",
        examples=["acme.assistant:answer"],
        description="The function as module:name, importable by the worker; it gets the item's input.",
    )


class PythonTarget(Target[PythonConfig]):
    """Call a Python function of the worker's own environment.

    The function, sync or async, is called with the input, and with the TargetRequest too if its second positional
    parameter has no default or is called `request`. It returns the output, or a TargetResponse to tell its cost, and
    may raise TargetError, for instance to be called again. A sync function runs in a thread, which can't be stopped:
    one that never returns keeps its thread.

    Raises TargetError with the codes NOT_ALLOWED, when made in a worker that does not call Python functions;
    NOT_FOUND, from `open`; and EXCEPTION, never retryable, when the function raised.
    """

    def __init__(self, config: PythonConfig) -> None:
        super().__init__(config)
        if os.environ.get(_SWITCH, "").strip().lower() not in {"1", "true", "yes", "on"}:
            raise TargetError(
                f"This worker calls no Python functions: start it with {_SWITCH}=1 if whoever may write systems may "
                "also run code in it.",
                code="NOT_ALLOWED",
            )
        # Threads are started as they are needed. They are not the event loop's own, which a function that hangs
        # would take away from everything else that needs one.
        self._threads = ThreadPoolExecutor(_MOST_THREADS, thread_name_prefix="evalyard-python-target")

    async def open(self) -> None:
        """Import the function, in a thread since an import may take long."""
        function = await asyncio.to_thread(_import_function, self.config.function)
        self._takes_request = _takes_request(function)
        self._invoke = function if _is_async(function) else self._in_thread(function)

    async def close(self) -> None:
        """Let the threads end when their calls do."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def call(self, request: TargetRequest) -> TargetResponse:
        """Call the function once."""
        try:
            if self._takes_request:
                output = await self._invoke(request.input, request)
            else:
                output = await self._invoke(request.input)
        except TargetError:
            raise
        except asyncio.CancelledError as exc:
            if _is_being_cancelled():
                raise
            raise _failure(self.config.function, exc) from exc
        # Anything may come out of a stranger's function, sys.exit included; it is this record's affair alone.
        except (Exception, SystemExit) as exc:
            raise _failure(self.config.function, exc) from exc
        return output if isinstance(output, TargetResponse) else TargetResponse(output)

    def _in_thread(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def guarded(*arguments: Any) -> Any:
            try:
                return function(*arguments)
            # asyncio can't carry a StopIteration from a thread: the call would never end.
            except StopIteration as exc:
                raise _failure(self.config.function, exc) from exc

        async def invoke(*arguments: Any) -> Any:
            run = contextvars.copy_context().run
            result = await asyncio.get_running_loop().run_in_executor(self._threads, run, guarded, *arguments)
            return await result if inspect.isawaitable(result) else result

        return invoke


def _import_function(path: str) -> Callable[..., Any]:
    module, _, name = path.partition(":")
    try:
        found: Any = importlib.import_module(module)
        for part in name.split("."):
            found = getattr(found, part)
    # An import runs a stranger's code.
    except (Exception, SystemExit) as exc:
        reason = f"{type(exc).__name__}: {exc}"[:_LONGEST_REASON]
        raise TargetError(
            f"The function {path} can't be imported ({reason}): install its package beside the worker.",
            code="NOT_FOUND",
        ) from exc
    if not callable(found):
        raise TargetError(f"{path} is no function but {type(found).__name__}.", code="NOT_FOUND")
    return found  # type: ignore[no-any-return]


def _is_async(function: Callable[..., Any]) -> bool:
    return inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(type(function).__call__)


def _takes_request(function: Callable[..., Any]) -> bool:
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except ValueError:
        return False
    positional = [p for p in parameters if p.kind in {p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD}]
    return len(positional) > 1 and (positional[1].default is inspect.Parameter.empty or positional[1].name == "request")


def _is_being_cancelled() -> bool:
    """Tell a cancellation of this call from one that the function itself let out."""
    task = asyncio.current_task()
    return task is None or task.cancelling() > 0


def _failure(function: str, exc: BaseException) -> TargetError:
    reason = "".join(traceback.format_exception_only(exc)).strip()[:_LONGEST_REASON]
    frames: list[traceback.FrameSummary] = []
    for frame in traceback.extract_tb(exc.__traceback__):
        frames = [] if frame.filename == __file__ else [*frames, frame]
    trace = "".join(traceback.format_list(frames[-_FRAMES_SHOWN:]))
    return TargetError(f"{function} raised {reason}\n{trace}".rstrip(), code="EXCEPTION")
