"""Python's collector of reference cycles, tuned for processes that serve."""

import gc
from typing import Final

_YOUNG: Final = 50_000


def collect_seldom() -> None:
    """Look for cycles seldom, and never among what is alive now; call this once a process, when it has started.

    Records, scores and answers hold no cycles and go by their reference counts. At the default of 700 objects the
    collector takes up to a tenth of a worker's time for finding nothing.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG, 20, 20)
