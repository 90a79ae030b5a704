"""Evaluators as the worker has them, without a package that offers them."""

import inspect
from typing import Any

import evalyard
from evalyard import plugins as sdk
from evalyard_core.domain.evaluators import EvaluatorSnapshot
from evalyard_core.domain.mapping import compile_readers
from evalyard_core.domain.plugins import Variable
from evalyard_workers.plugins.host import ReadyEvaluator
from evalyard_workers.plugins.live import LiveEvaluator
from evalyard_workers.plugins.trouble import Trouble
from tests.fixtures.core import a_snapshot


def ready(
    kind: type[evalyard.Evaluator[Any]],
    live: LiveEvaluator | None = None,
    trouble: Trouble | None = None,
    **snapshot: Any,
) -> ReadyEvaluator:
    """Return an evaluator of a class, ready to score."""
    variables = sdk.read_variables(kind)
    in_batches = sdk.scores_batches(kind)
    given: EvaluatorSnapshot = a_snapshot(
        **{"evaluator_id": "e", "name": "mine", "plugin": "acme/mine", "score_type": kind.score_type, **snapshot}
    )
    return ReadyEvaluator(
        snapshot=given,
        live=live or LiveEvaluator(kind(kind.Config()), given.plugin),
        version="1.2",
        readers=compile_readers(
            [
                Variable(name=v.name, description="", required=v.required, default_path=v.default_path)
                for v in variables
            ],
            (),
        ),
        typed=sdk.TypedVariables(variables),
        is_async=inspect.iscoroutinefunction(kind.evaluate_batch if in_batches else kind.evaluate),
        in_batches=in_batches,
        scores_runs=sdk.scores_runs(kind),
        is_async_run=inspect.iscoroutinefunction(kind.evaluate_run),
        trouble=trouble or Trouble(given.plugin),
    )


def context(output: Any, **parts: Any) -> dict[str, Any]:
    """Return what a mapping reads of a record."""
    return {"input": None, "expected": None, "output": output, "metadata": None, **parts}
