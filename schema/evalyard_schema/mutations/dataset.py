"""Datasets and the evaluators that their runs use."""

import strawberry
from strawberry import UNSET

from evalyard_schema.context import Info
from evalyard_schema.described import mutation
from evalyard_schema.given import given
from evalyard_schema.ids import decode
from evalyard_schema.inputs.dataset import CreateDatasetInput, UpdateDatasetInput
from evalyard_schema.inputs.gate import GatePolicyInput
from evalyard_schema.inputs.mapping import ThresholdInput, VariableMappingInput, mapping_of, threshold_of
from evalyard_schema.types.dataset import Dataset


@strawberry.type
class DatasetMutation:
    """What changes datasets."""

    @mutation
    async def create_dataset(self, info: Info, input: CreateDatasetInput) -> Dataset:
        """Create an empty dataset at version 0."""
        created = await info.context.services.datasets.create(
            actor=info.context.actor,
            project_id=decode(input.project_id, "Project", field="input.projectId"),
            name=input.name,
            description=input.description or "",
            tags=input.tags,
            input_schema=input.input_schema,
        )
        return Dataset.of(created)

    @mutation
    async def update_dataset(self, info: Info, id: strawberry.ID, input: UpdateDatasetInput) -> Dataset:
        """Change a dataset, but not its items."""
        changed = await info.context.services.datasets.update(
            actor=info.context.actor, dataset_id=decode(id, "Dataset", field="id"), changes=input.changes()
        )
        return Dataset.of(changed)

    @mutation
    async def delete_dataset(self, info: Info, id: strawberry.ID) -> strawberry.ID:
        """Remove a dataset and its items; runs over it stay, with what they used."""
        await info.context.services.datasets.delete(
            actor=info.context.actor, dataset_id=decode(id, "Dataset", field="id")
        )
        return id

    @mutation
    async def attach_evaluator(
        self,
        info: Info,
        *,
        dataset_id: strawberry.ID,
        evaluator_id: strawberry.ID,
        mapping: list[VariableMappingInput] | None = UNSET,
        threshold: ThresholdInput | None = UNSET,
    ) -> Dataset:
        """Use an evaluator in future runs of the dataset.

        A mapping and a threshold count instead of the evaluator's own; attaching again replaces them.
        """
        changed = await info.context.services.datasets.attach(
            actor=info.context.actor,
            dataset_id=decode(dataset_id, "Dataset", field="datasetId"),
            evaluator_id=decode(evaluator_id, "Evaluator", field="evaluatorId"),
            mapping=mapping_of(given(mapping)) or (),
            threshold=threshold_of(given(threshold)),
        )
        return Dataset.of(changed)

    @mutation
    async def detach_evaluator(self, info: Info, dataset_id: strawberry.ID, evaluator_id: strawberry.ID) -> Dataset:
        """Use an evaluator no longer in future runs of the dataset."""
        changed = await info.context.services.datasets.detach(
            actor=info.context.actor,
            dataset_id=decode(dataset_id, "Dataset", field="datasetId"),
            evaluator_id=decode(evaluator_id, "Evaluator", field="evaluatorId"),
        )
        return Dataset.of(changed)

    @mutation
    async def set_gate_policy(
        self, info: Info, dataset_id: strawberry.ID, policy: GatePolicyInput | None = UNSET
    ) -> Dataset:
        """Say what runs over the dataset must meet; null, or nothing, takes it back."""
        chosen = given(policy)
        changed = await info.context.services.gates.set_policy(
            actor=info.context.actor,
            dataset_id=decode(dataset_id, "Dataset", field="datasetId"),
            policy=None if chosen is None else chosen.to_domain(),
        )
        return Dataset.of(changed)
