"""Everything that can be watched."""

from .run import RunSubscription

__all__ = ["SUBSCRIPTIONS"]

#: Merged into the type Subscription, in this order.
SUBSCRIPTIONS = (RunSubscription,)
