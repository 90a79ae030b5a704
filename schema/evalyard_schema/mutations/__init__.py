"""Everything that changes something."""

from .dataset import DatasetMutation
from .evaluator import EvaluatorMutation
from .item import ItemMutation
from .monitor import MonitorMutation
from .project import ProjectMutation
from .record import RecordMutation
from .run import RunMutation
from .schedule import ScheduleMutation
from .span import SpanMutation
from .submission import SubmissionMutation
from .system import SystemMutation
from .trace import TraceMutation

__all__ = ["MUTATIONS"]

#: Merged into the type Mutation, in this order.
MUTATIONS = (
    ProjectMutation,
    DatasetMutation,
    ItemMutation,
    EvaluatorMutation,
    SystemMutation,
    RunMutation,
    SubmissionMutation,
    RecordMutation,
    SpanMutation,
    TraceMutation,
    ScheduleMutation,
    MonitorMutation,
)
