"""The enums of schedules; as in `enums`."""

from evalyard_core.domain.schedules import MissedTicks, OverlapPolicy

from .described import declare

__all__ = ["MissedTicks", "OverlapPolicy"]

declare(
    MissedTicks,
    "What becomes of ticks of a schedule at which no worker was there, once one is there again.",
    SKIP="Nothing is caught up: a tick is started within a minute or not at all.",
    RUN_LATEST="The newest one is started, once.",
    RUN_ALL="The newest ten are started, oldest first.",
)
declare(
    OverlapPolicy,
    "What becomes of a tick of a schedule while the run of the one before still goes on.",
    ALLOW="It is started, beside that run.",
    SKIP="It is left out.",
)
