"""Datasets and their items."""

from typing import Final

_DATASET: Final = "id name description tags version itemCount createdAt updatedAt"

LIST: Final = f"""
query Datasets($project: ID!, $search: String, $after: String) {{
  project(id: $project) {{
    datasets(first: 100, search: $search, after: $after) {{
      edges {{ node {{ {_DATASET} }} }}
      pageInfo {{ hasNextPage endCursor }}
    }}
  }}
}}
"""

NODE: Final = f"""
query Dataset($id: ID!) {{ node(id: $id) {{ ... on Dataset {{ {_DATASET} }} }} }}
"""

SHOW: Final = f"""
query ShownDataset($id: ID!) {{
  dataset(id: $id) {{
    {_DATASET} inputSchema
    evaluators {{ evaluator {{ id name }} }}
    gatePolicy {{
      minPassRate maxRegressions maxErrored maxAverageLatencyMs maxTotalCostUsd baselineRunId
      evaluators {{ evaluatorId minPassRate minMean }}
    }}
  }}
}}
"""

ITEMS: Final = """
query Items($id: ID!, $version: Int, $after: String) {
  dataset(id: $id) {
    items(version: $version, first: 100, after: $after) {
      edges { node { id input expectedOutput metadata tags } }
      pageInfo { hasNextPage endCursor }
    }
  }
}
"""

CREATE: Final = f"""
mutation CreateDataset($input: CreateDatasetInput!) {{ createDataset(input: $input) {{ {_DATASET} }} }}
"""

ATTACH: Final = """
mutation Attach($dataset: ID!, $evaluator: ID!) {
  attachEvaluator(datasetId: $dataset, evaluatorId: $evaluator) { id }
}
"""
