"""The domain's enums as GraphQL enums, under the same names; types and inputs take them from here."""

from evalyard import TargetMode
from evalyard_core.domain.access import Role
from evalyard_core.domain.agreement import AgreementBasis
from evalyard_core.domain.comparing.alignment import Change
from evalyard_core.domain.datasets import ItemSource
from evalyard_core.domain.evaluators import ScoreType, ThresholdOperator
from evalyard_core.domain.exports import ExportFormat
from evalyard_core.domain.failure_groups import FailureTrait
from evalyard_core.domain.filters import OrderDirection, RecordOrderField, RunOrderField
from evalyard_core.domain.gates.result import BaselineChoice
from evalyard_core.domain.history import HistoryUnit
from evalyard_core.domain.plugins import PluginHealth
from evalyard_core.domain.records import RecordStatus, ScoreSource, ScoreStatus, Verdict
from evalyard_core.domain.runs import RunSource, RunStatus, ScoringStatus
from evalyard_core.domain.statistics import ComparisonVerdict, TrendDirection

from .described import declare

__all__ = [
    "AgreementBasis",
    "BaselineChoice",
    "Change",
    "ComparisonVerdict",
    "ExportFormat",
    "FailureTrait",
    "HistoryUnit",
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
    "TargetMode",
    "ThresholdOperator",
    "TrendDirection",
    "Verdict",
]


declare(
    Role,
    "What a key may do in its project; each role includes the ones before it.",
    VIEWER="Read.",
    EDITOR="Write: datasets, evaluators, systems, runs, scores.",
    ADMIN="Manage keys, and delete.",
)
declare(ItemSource, "Where an item came from.")
declare(ScoreType, "What kind of value an evaluator gives.")
declare(
    TargetMode,
    "How a run comes to its outputs.",
    CALL="The target is called for each record.",
    DISPATCH="The target starts something elsewhere, once a run, which submits the records.",
    REPLAY="Nothing is called: the outputs are those of another run.",
)
declare(ThresholdOperator, "How a score is compared with the threshold's value; IN looks for it in a list.")
declare(OrderDirection, "Up or down.")
declare(RunOrderField, "What runs are sorted by; those without a value come last in descending order.")
declare(
    RecordOrderField,
    "What records are sorted by.",
    SCORE="By the number of one evaluator's score.",
)
declare(
    PluginHealth,
    "Whether a plugin can be used.",
    AVAILABLE="A live worker has it.",
    BROKEN="No live worker that has it can load it; `problem` says why.",
    OFFLINE="No live worker has it any more.",
)
declare(
    RecordStatus,
    "Where a record stands.",
    PENDING="Not called yet.",
    RUNNING="The system is being called; shown for calls of a second and more.",
    SCORING="The output is stored, its scores are not.",
    COMPLETED="Output and scores are stored.",
    ERRORED="The system gave no output; `error` says why.",
    CANCELLED="The run was stopped first.",
)
declare(
    Verdict,
    "Whether a record met its thresholds.",
    PASSED="Every score that could pass or fail has passed.",
    FAILED="Some score has failed.",
    ERRORED="The system gave no output, or some score could not be computed.",
)
declare(
    ScoreStatus,
    "Whether a score could be computed.",
    SKIPPED="There was nothing to compute; `explanation` says why.",
)
declare(ScoreSource, "Who gave a score.")
declare(
    AgreementBasis,
    "What is compared of the evaluator's scores and of people's.",
    VALUE="What they say: true or false, numbers (true being 1), or labels, by the evaluator's score type.",
    PASSED="Whether they pass: for thumbs up and down beside numbers that have a threshold.",
)
declare(RunSource, "What started a run.")
declare(
    RunStatus,
    "Where a run stands.",
    PENDING="Accepted; its records are being laid down.",
    RUNNING="Records are carried out, or taken in.",
    SCORING="No more outputs come; the last scores do.",
    COMPLETED="Everything is done, its summary is exact.",
    FAILED="Stopped by itself; `statusReason` says why.",
    CANCELLED="Stopped by a person.",
)
declare(
    ScoringStatus,
    "How far an evaluator has come in a run.",
    COMPLETED_WITH_ERRORS="Some scores could not be computed.",
    FAILED="No score could be computed.",
)
declare(
    ExportFormat,
    "The form of an export; the columns are the same in each.",
    CSV="RFC 4180 in UTF-8 with a header; JSON values as JSON text.",
    JSONL="A JSON object a line.",
    PARQUET="Apache Parquet; JSON values as JSON text.",
)
declare(
    Change,
    "How a candidate did with a case, measured by the baseline.",
    REGRESSED="A smaller share of its trials passed.",
    IMPROVED="A larger share of its trials passed.",
    UNCHANGED="The same share of its trials passed, or there is no verdict to compare.",
    ADDED="The baseline did not have the case.",
    REMOVED="The candidate does not have the case.",
)
declare(
    ComparisonVerdict,
    "What a comparison comes to.",
    BETTER="The candidate is better, beyond what chance would do one time in twenty.",
    WORSE="The candidate is worse, beyond what chance would do one time in twenty.",
    NO_DIFFERENCE="What difference there is could be chance, and is small.",
    TOO_FEW_CASES="A difference that would matter could be chance; `casesNeeded` says how many cases would tell.",
)
declare(
    BaselineChoice,
    "Why a run is the baseline of a gate.",
    NAMED="The policy names it.",
    PRODUCTION="The newest completed run of the system's production version over the dataset.",
    PREVIOUS="The newest completed run before, of the same dataset and system.",
)
declare(
    HistoryUnit,
    "What a series shows of an evaluator.",
    PASS_RATE="The share that passed of the scores that could pass or fail.",
    MEAN="The mean of the numbers, of an evaluator that gives numbers.",
)
declare(
    TrendDirection,
    "Where a series goes.",
    IMPROVING="To the better, beyond what chance would do.",
    DECLINING="To the worse, beyond what chance would do.",
    STEADY="Nowhere that could be told from chance.",
    TOO_FEW_RUNS="There are too few runs to tell.",
)
declare(
    FailureTrait,
    "What failing records can share.",
    TAG="A tag of the item.",
    METADATA="A text, number or boolean at the top of the metadata.",
    ERROR="The code of the error for which there is no output.",
    FAILED_SCORE="An evaluator whose score did not pass.",
    ERRORED_SCORE="An evaluator whose score could not be computed.",
)
