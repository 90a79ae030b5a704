"""Log lines."""

import logging

import orjson
import pytest
import structlog

from evalyard_core.logging import configure_logging
from evalyard_core.settings import Settings


@pytest.fixture(autouse=True)
def restored():
    """Leave logging as it was."""
    root, level, handlers = logging.getLogger(), logging.getLogger().level, list(logging.getLogger().handlers)
    yield
    root.setLevel(level)
    root.handlers = handlers
    structlog.reset_defaults()


def test_json_lines_name_what_was_bound(capsys):
    configure_logging(Settings(log_format="json"))
    with structlog.contextvars.bound_contextvars(run="r1", record="r1.i1.1"):
        structlog.get_logger("ours").warning("a score failed", evaluator="exact", seconds=1.5)
        logging.getLogger("theirs").error("no %s", "luck")

    ours, theirs = (orjson.loads(line) for line in capsys.readouterr().err.splitlines())

    assert ours.pop("timestamp").endswith("Z")
    assert ours == {
        "event": "a score failed",
        "level": "warning",
        "logger": "ours",
        "run": "r1",
        "record": "r1.i1.1",
        "evaluator": "exact",
        "seconds": 1.5,
    }
    assert (theirs["event"], theirs["level"], theirs["logger"], theirs["run"]) == ("no luck", "error", "theirs", "r1")


@pytest.mark.parametrize("log_format", ["json", "text"])
def test_a_traceback_shows_no_values(capsys, log_format):
    configure_logging(Settings(log_format=log_format))

    def fail() -> None:
        secret = "hunter" + "2"
        raise ValueError(len(secret))

    try:
        fail()
    except ValueError:
        structlog.get_logger("ours").exception("failed")

    written = capsys.readouterr().err
    assert "ValueError: 7" in written
    assert "hunter2" not in written
    assert len(written.splitlines()) == 1 or log_format == "text"


def test_chatter_of_libraries_is_left_out(capsys):
    configure_logging(Settings())
    configure_logging(Settings())
    logging.getLogger("httpx").info("chatter")
    logging.getLogger("uvicorn.error").info("chatter")
    structlog.get_logger("ours").debug("chatter")
    structlog.get_logger("ours").info("told once")

    assert [line.split("]")[1].split()[:2] for line in capsys.readouterr().err.splitlines()] == [["told", "once"]]
