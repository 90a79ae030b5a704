"""Systems as they are tried."""

from collections.abc import AsyncIterator

import strawberry

from evalyard_schema.context import Info
from evalyard_schema.described import subscription
from evalyard_schema.inputs.system import TryTargetInput
from evalyard_schema.subscriptions.stream import stream
from evalyard_schema.types.tried import TriedTarget


@strawberry.type
class SystemSubscription:
    """Systems as they are tried; what is refused is refused before the stream begins."""

    @subscription
    async def try_target(self, info: Info, input: TryTargetInput) -> AsyncIterator[TriedTarget]:
        """Puts one input through a system version or an unsaved config: the answer as it comes in, then whole.

        At most ten parts a second, each with all of the text so far. Nothing is stored; who unsubscribes ends the call.
        """
        trials = info.context.services.trials
        question = await trials.prepare(actor=info.context.actor, trial=input.to_domain())
        return stream(trials.watch(question), TriedTarget.of)
