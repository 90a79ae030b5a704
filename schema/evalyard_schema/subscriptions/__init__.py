"""Everything that can be watched."""

from .run import RunSubscription
from .system import SystemSubscription

__all__ = ["SUBSCRIPTIONS"]

#: Merged into the type Subscription, in this order.
SUBSCRIPTIONS = (RunSubscription, SystemSubscription)
