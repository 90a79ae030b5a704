"""Doing what a worker asks for, one thing after the other, until it is gone."""

import sys
from dataclasses import fields
from typing import Any

from evalyard._description import EvaluatorDescription, describe_evaluator
from evalyard._typing import value_schema
from evalyard.isolation._instances import Instances, Unusable
from evalyard.isolation._pages import WorkerGone
from evalyard.isolation._process import die_with, give_way, limit_memory
from evalyard.isolation._scoring import Turn
from evalyard.isolation._wire import PROTOCOL, Channel


def serve(channel: Channel) -> None:
    """Serve the worker at the other end of a channel; return when it is gone."""
    first = channel.receive()
    if first is None:
        return
    die_with(first["parent"])
    give_way()
    limit_memory(first["memory_bytes"])
    # The folders of the worker's own process, where it is the same environment.
    sys.path += [folder for folder in first["paths"] if folder not in sys.path]
    instances = Instances()
    channel.send({"protocol": PROTOCOL, "python": sys.version.split()[0]})
    try:
        while (message := channel.receive()) is not None:
            _answer(message, instances, channel)
    except (WorkerGone, BrokenPipeError, ConnectionResetError):
        return
    finally:
        instances.close()


def _answer(message: dict[str, Any], instances: Instances, channel: Channel) -> None:
    try:
        match message["do"]:
            case "describe":
                channel.send({"described": _described(message["plugin"], instances)})
            case "check":
                instances.make(message["plugin"], message["config"])
                channel.send({"ready": True})
            case _:
                _score(message, instances, channel)
    except Unusable as unusable:
        channel.send({"unusable": dict(unusable.message)})


def _score(message: dict[str, Any], instances: Instances, channel: Channel) -> None:
    instance = instances.make(message["plugin"], message["config"])
    instance.set_up()
    channel.send({"ready": True, "version": instance.version, "mode": instance.mode})
    turn = Turn(instance, channel, message["limit"])
    if message["do"] == "score":
        turn.score(message["cases"])
    else:
        turn.score_run()
    channel.send({"done": True})


def _described(key: str, instances: Instances) -> dict[str, Any]:
    found, component = instances.load(key)
    return as_message(describe_evaluator(found, component))


def as_message(description: EvaluatorDescription) -> dict[str, Any]:
    """Return a description as JSON."""
    variables = [
        {
            "name": spec.name,
            "description": spec.description,
            "required": spec.required,
            "default_path": spec.default_path,
            "value_schema": value_schema(spec),
        }
        for spec in description.variables
    ]
    plain = {field.name: getattr(description, field.name) for field in fields(description)}
    return plain | {"variables": variables}
