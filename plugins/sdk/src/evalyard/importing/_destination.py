"""The dataset that items go to."""

from dataclasses import dataclass
from typing import Final

from evalyard.client._operations import DATASETS

from ._sending import Asks

CREATE_DATASET: Final = """
mutation ImportedDataset($input: CreateDatasetInput!) { createDataset(input: $input) { id } }
"""


@dataclass(slots=True)
class Destination:
    """A dataset of a project by its name; `id` is None where there is none yet."""

    project_id: str
    name: str
    id: str | None = None

    @classmethod
    def find(cls, client: Asks, project_id: str, name: str) -> "Destination":
        """Look whether there is a dataset of this name."""
        after = None
        while True:
            asked = client.execute(DATASETS, project=project_id, search=name, after=after)
            page = asked["project"]["datasets"]
            for edge in page["edges"]:
                if edge["node"]["name"] == name:
                    return cls(project_id, name, edge["node"]["id"])
            if not page["pageInfo"]["hasNextPage"]:
                return cls(project_id, name)
            after = page["pageInfo"]["endCursor"]

    def made(self, client: Asks) -> str:
        """Return its id; it is created where it is not there."""
        if self.id is None:
            new = {"projectId": self.project_id, "name": self.name}
            self.id = str(client.execute(CREATE_DATASET, input=new)["createDataset"]["id"])
        return self.id

    def __str__(self) -> str:
        """Say which it is."""
        return f"the dataset {self.name!r}" if self.id else f"a new dataset {self.name!r}"
