"""Every use case of one process."""

from functools import partial
from typing import Final

from evalyard_core.domain.traces import conventions
from evalyard_core.domain.traces.prices import PriceTable
from evalyard_core.queue import Queue
from evalyard_core.storage import Store

from .access import AccessService
from .agreement import AgreementService
from .compared_exports import ComparedExports
from .comparing import ComparisonService
from .datasets import DatasetService
from .evaluators import EvaluatorService
from .exports import ExportService
from .failure_groups import FailureGroups
from .forgetting import Forgetting
from .gates import GateService
from .library import Library
from .links import LinkService
from .lists import ListService
from .monitors import MonitorService
from .outcomes import Outcomes
from .projects import ProjectService
from .records import RecordService
from .runs import RunService
from .schedules import ScheduleService
from .starting import Starter
from .submissions import SubmissionService
from .systems import SystemService
from .templates import Templates
from .ticking import Ticker
from .traces.intake import TraceIntake, Understand
from .traces.items import TraceItems
from .traces.keeping import TraceKeeping
from .traces.notes import SpanNoting
from .traces.reading import TraceReader
from .trials import TrialService
from .watching import Watcher

_WITHOUT_PRICES: Final[Understand] = partial(conventions.understand, prices=PriceTable())


class Services:
    """The use cases, over one store and one queue.

    `public_url` is where clients reach the API, "" where nobody has said; `link_secret` signs links instead of the
    secret in the store. `understand` is what the conventions make of a span, and of what its tokens cost.
    """

    def __init__(
        self,
        store: Store,
        queue: Queue,
        *,
        public_url: str = "",
        link_secret: bytes | None = None,
        understand: Understand = _WITHOUT_PRICES,
    ) -> None:
        self.store = store
        self.library = Library(store)
        self.lists = ListService(store)
        self.access = AccessService(store)
        self.projects = ProjectService(store)
        self.evaluators = EvaluatorService(store, self.library)
        self.datasets = DatasetService(store, self.evaluators)
        self.systems = SystemService(store, self.library)
        self.trials = TrialService(store, self.library)
        self.runs = RunService(store, queue, self.library)
        starter = Starter(store, queue, self.library, self.evaluators)
        templates = Templates(store, starter)
        self.schedules = ScheduleService(store, templates)
        self.ticker = Ticker(store, starter, templates)
        self.monitors = MonitorService(store, self.evaluators)
        self.watcher = Watcher(store, starter)
        self.submissions = SubmissionService(store, queue, self.runs)
        self.records = RecordService(store, queue)
        self.links = LinkService(store, base_url=public_url, secret=link_secret)
        self.outcomes = Outcomes(store)
        self.failure_groups = FailureGroups(store)
        self.comparisons = ComparisonService(store, self.runs, self.outcomes)
        self.exports = ExportService(store)
        self.compared_exports = ComparedExports(store, self.comparisons)
        self.gates = GateService(store, self.datasets, self.outcomes)
        self.trace_keeping = TraceKeeping(store)
        self.trace_reading = TraceReader(store)
        self.trace_items = TraceItems(store, self.datasets, self.trace_reading)
        self.span_noting = SpanNoting(store, self.trace_reading)
        self.trace_intake = TraceIntake(store, self.trace_keeping, understand)
        self.forgetting = Forgetting(store)
        self.agreement = AgreementService(store)
