"""Records as they are laid down: all of a run begin alike, but for their cases."""

from typing import NamedTuple

from evalyard_core.domain.facets import facets_of
from evalyard_core.domain.ids import record_id
from evalyard_core.domain.payload import load_json, now
from evalyard_core.domain.records import Record, RecordStatus
from evalyard_core.domain.runs import Run

from .codec import Document
from .datasets import StoredCase


class Trial(NamedTuple):
    """One execution that a run plans: a case, which of its trials, and the place in the run."""

    case: StoredCase
    number: int
    seq: int


def blank_record(run: Run) -> Record:
    """Return what every planned record of a run begins as."""
    return Record(
        id="",
        run_id=run.id,
        project_id=run.project_id,
        dataset_id=run.dataset.id if run.dataset else None,
        item_id=None,
        system_version_id=run.system.version_id if run.system else None,
        seq=0,
        lane=0,
        trial=1,
        input=None,
        expected_output=None,
        metadata=None,
        tags=(),
        status=RecordStatus.PENDING,
        created_at=now(),
    )


def planned(run: Run, trial: Trial) -> Document:
    """Return what tells the document of a trial from the blank one of its run."""
    case, number, seq = trial
    return {
        "_id": record_id(run.id, case.item_id, number),
        "seq": seq,
        "lane": seq % run.settings.lanes,
        "trial": number,
        "facets": facets_of(load_json(case.metadata)),
        **case._asdict(),
    }
