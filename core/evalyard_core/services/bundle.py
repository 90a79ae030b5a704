"""Every use case of one process."""

from evalyard_core.queue import Queue
from evalyard_core.storage import Store

from .access import AccessService
from .agreement import AgreementService
from .datasets import DatasetService
from .evaluators import EvaluatorService
from .library import Library
from .lists import ListService
from .projects import ProjectService
from .records import RecordService
from .runs import RunService
from .submissions import SubmissionService
from .systems import SystemService


class Services:
    """The use cases, over one store and one queue."""

    def __init__(self, store: Store, queue: Queue) -> None:
        self.store = store
        self.library = Library(store)
        self.lists = ListService(store)
        self.access = AccessService(store)
        self.projects = ProjectService(store)
        self.evaluators = EvaluatorService(store, self.library)
        self.datasets = DatasetService(store, self.evaluators)
        self.systems = SystemService(store, self.library)
        self.runs = RunService(store, queue, self.library)
        self.submissions = SubmissionService(store, queue, self.runs)
        self.records = RecordService(store, queue)
        self.agreement = AgreementService(store)
