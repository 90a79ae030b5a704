"""Types by name, for fields of modules that would otherwise import each other before they are there."""

from typing import TYPE_CHECKING, Annotated, TypeAlias

from strawberry import lazy

if TYPE_CHECKING:
    from .access import ApiKey
    from .agreement import EvaluatorAgreement
    from .dataset import Dataset
    from .evaluator import Evaluator
    from .failing import FlakyItem
    from .failure_group import FailureGroup
    from .gate import GateResult
    from .history import HistorySeries
    from .item import DatasetItem
    from .monitor import Monitor
    from .plugin import EvaluatorPlugin
    from .project import Project
    from .record import Annotation, Record
    from .run import Run
    from .schedule import Schedule
    from .score import Score
    from .span import Span
    from .span_score import SpanScore
    from .system import System, SystemVersion
    from .trace import Trace

_HERE = "evalyard_schema.types"

LazyAnnotation: TypeAlias = Annotated["Annotation", lazy(f"{_HERE}.record")]
LazyApiKey: TypeAlias = Annotated["ApiKey", lazy(f"{_HERE}.access")]
LazyDataset: TypeAlias = Annotated["Dataset", lazy(f"{_HERE}.dataset")]
LazyDatasetItem: TypeAlias = Annotated["DatasetItem", lazy(f"{_HERE}.item")]
LazyEvaluator: TypeAlias = Annotated["Evaluator", lazy(f"{_HERE}.evaluator")]
LazyEvaluatorAgreement: TypeAlias = Annotated["EvaluatorAgreement", lazy(f"{_HERE}.agreement")]
LazyEvaluatorPlugin: TypeAlias = Annotated["EvaluatorPlugin", lazy(f"{_HERE}.plugin")]
LazyFailureGroup: TypeAlias = Annotated["FailureGroup", lazy(f"{_HERE}.failure_group")]
LazyFlakyItem: TypeAlias = Annotated["FlakyItem", lazy(f"{_HERE}.failing")]
LazyGateResult: TypeAlias = Annotated["GateResult", lazy(f"{_HERE}.gate")]
LazyHistorySeries: TypeAlias = Annotated["HistorySeries", lazy(f"{_HERE}.history")]
LazyMonitor: TypeAlias = Annotated["Monitor", lazy(f"{_HERE}.monitor")]
LazyProject: TypeAlias = Annotated["Project", lazy(f"{_HERE}.project")]
LazyRecord: TypeAlias = Annotated["Record", lazy(f"{_HERE}.record")]
LazyRun: TypeAlias = Annotated["Run", lazy(f"{_HERE}.run")]
LazySchedule: TypeAlias = Annotated["Schedule", lazy(f"{_HERE}.schedule")]
LazyScore: TypeAlias = Annotated["Score", lazy(f"{_HERE}.score")]
LazySpan: TypeAlias = Annotated["Span", lazy(f"{_HERE}.span")]
LazySpanScore: TypeAlias = Annotated["SpanScore", lazy(f"{_HERE}.span_score")]
LazySystem: TypeAlias = Annotated["System", lazy(f"{_HERE}.system")]
LazySystemVersion: TypeAlias = Annotated["SystemVersion", lazy(f"{_HERE}.system")]
LazyTrace: TypeAlias = Annotated["Trace", lazy(f"{_HERE}.trace")]
