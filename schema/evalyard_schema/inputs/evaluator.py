"""Evaluators as they come in."""

from typing import Any

import strawberry
from strawberry import UNSET
from strawberry.scalars import JSON

from evalyard_core.services.evaluators import Trial
from evalyard_schema.described import input_type
from evalyard_schema.given import changes
from evalyard_schema.ids import decode_given
from evalyard_schema.inputs.mapping import ThresholdInput, VariableMappingInput, mapping_of, threshold_of

_PLUGIN = "The plugin's key, or its name where only one distribution has it."


@input_type
class CreateEvaluatorInput:
    """A new evaluator: the plugin must accept the config, and have the mapped variables."""

    project_id: strawberry.ID
    name: str = strawberry.field(description="Unique in the project.")
    description: str | None = ""
    plugin: str = strawberry.field(description=_PLUGIN)
    config: JSON | None
    mapping: list[VariableMappingInput] | None = strawberry.field(
        description="Variables that are not listed come from their defaultPath."
    )
    threshold: ThresholdInput | None


@input_type
class UpdateEvaluatorInput:
    """What is left out stays; runs that are there keep what they used."""

    name: str | None = UNSET
    description: str | None = UNSET
    config: JSON | None = UNSET
    mapping: list[VariableMappingInput] | None = UNSET
    threshold: ThresholdInput | None = UNSET

    def changes(self) -> dict[str, Any]:
        """Return what is to be changed."""
        changed = changes(self, clearable={"config", "mapping", "threshold"})
        if "mapping" in changed:
            changed["mapping"] = mapping_of(changed["mapping"])
        if "threshold" in changed:
            changed["threshold"] = threshold_of(changed["threshold"])
        return changed


@input_type
class TryEvaluatorInput:
    """An evaluator, or a projectId and a plugin; and a record, or made-up values.

    With an evaluator, config, mapping and threshold are tried instead of its own.
    """

    evaluator_id: strawberry.ID | None
    project_id: strawberry.ID | None
    plugin: str | None = strawberry.field(description=_PLUGIN)
    config: JSON | None
    mapping: list[VariableMappingInput] | None
    threshold: ThresholdInput | None
    record_id: strawberry.ID | None
    input: JSON | None
    expected_output: JSON | None
    output: JSON | None
    metadata: JSON | None

    def to_domain(self) -> Trial:
        """Return what is tried, with raw ids, or refuse an id."""
        return Trial(
            evaluator_id=decode_given(self.evaluator_id, "Evaluator", field="input.evaluatorId"),
            project_id=decode_given(self.project_id, "Project", field="input.projectId"),
            plugin=self.plugin,
            config=self.config,
            mapping=mapping_of(self.mapping),
            threshold=threshold_of(self.threshold),
            record_id=decode_given(self.record_id, "Record", field="input.recordId"),
            input=self.input,
            expected_output=self.expected_output,
            output=self.output,
            metadata=self.metadata,
        )
