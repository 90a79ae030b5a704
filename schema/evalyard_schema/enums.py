"""The domain's enums as GraphQL enums, under the same names; types and inputs take them from here."""

from enum import Enum

import strawberry
from strawberry.types.enum import StrawberryEnumDefinition

from evalyard_core.domain.access import Role
from evalyard_core.domain.agreement import AgreementBasis
from evalyard_core.domain.datasets import ItemSource
from evalyard_core.domain.evaluators import ScoreType, ThresholdOperator
from evalyard_core.domain.filters import OrderDirection, RecordOrderField, RunOrderField
from evalyard_core.domain.plugins import PluginHealth
from evalyard_core.domain.records import RecordStatus, ScoreSource, ScoreStatus, Verdict
from evalyard_core.domain.runs import RunSource, RunStatus, ScoringStatus

__all__ = [
    "AgreementBasis",
    "ItemSource",
    "OrderDirection",
    "PluginHealth",
    "RecordOrderField",
    "RecordStatus",
    "Role",
    "RunOrderField",
    "RunSource",
    "RunStatus",
    "ScoreSource",
    "ScoreStatus",
    "ScoreType",
    "ScoringStatus",
    "ThresholdOperator",
    "Verdict",
]


def _declare(kind: type[Enum], description: str, **values: str) -> None:
    strawberry.enum(kind, description=description)
    definition: StrawberryEnumDefinition = kind.__strawberry_definition__  # type: ignore[attr-defined]
    for value in definition.values:
        value.description = values.get(value.name)


_declare(
    Role,
    "What a key may do in its project; each role includes the ones before it.",
    VIEWER="Read.",
    EDITOR="Write: datasets, evaluators, systems, runs, scores.",
    ADMIN="Manage keys, and delete.",
)
_declare(ItemSource, "Where an item came from.")
_declare(ScoreType, "What kind of value an evaluator gives.")
_declare(ThresholdOperator, "How a score is compared with the threshold's value; IN looks for it in a list.")
_declare(OrderDirection, "Up or down.")
_declare(RunOrderField, "What runs are sorted by; those without a value come last in descending order.")
_declare(
    RecordOrderField,
    "What records are sorted by.",
    SCORE="By the number of one evaluator's score; only within runs.",
)
_declare(
    PluginHealth,
    "Whether a plugin can be used.",
    AVAILABLE="A live worker has it.",
    BROKEN="No live worker that has it can load it; `problem` says why.",
    OFFLINE="No live worker has it any more.",
)
_declare(
    RecordStatus,
    "Where a record stands.",
    PENDING="Not called yet.",
    RUNNING="The system is being called; shown for calls of a second and more.",
    SCORING="The output is stored, its scores are not.",
    COMPLETED="Output and scores are stored.",
    ERRORED="The system gave no output; `error` says why.",
    CANCELLED="The run was stopped first.",
)
_declare(
    Verdict,
    "Whether a record met its thresholds.",
    PASSED="Every score that could pass or fail has passed.",
    FAILED="Some score has failed.",
    ERRORED="The system gave no output, or some score could not be computed.",
)
_declare(
    ScoreStatus,
    "Whether a score could be computed.",
    SKIPPED="There was nothing to compute; `explanation` says why.",
)
_declare(ScoreSource, "Who gave a score.")
_declare(
    AgreementBasis,
    "What is compared of the evaluator's scores and of people's.",
    VALUE="What they say: true or false, numbers (true being 1), or labels, by the evaluator's score type.",
    PASSED="Whether they pass: for thumbs up and down beside numbers that have a threshold.",
)
_declare(RunSource, "What started a run.")
_declare(
    RunStatus,
    "Where a run stands.",
    PENDING="Accepted; its records are being laid down.",
    RUNNING="Records are carried out, or taken in.",
    SCORING="No more outputs come; the last scores do.",
    COMPLETED="Everything is done, its summary is exact.",
    FAILED="Stopped by itself; `statusReason` says why.",
    CANCELLED="Stopped by a person.",
)
_declare(
    ScoringStatus,
    "How far an evaluator has come in a run.",
    COMPLETED_WITH_ERRORS="Some scores could not be computed.",
    FAILED="No score could be computed.",
)
