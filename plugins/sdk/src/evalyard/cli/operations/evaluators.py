"""Evaluators of the project, and the library that they are made of."""

from typing import Final

_EVALUATOR: Final = """
id name description scoreType version config createdAt
mapping { variable path } threshold { operator value } plugin { key health problem }
"""

LIST: Final = f"""
query Evaluators($project: ID!, $search: String, $after: String) {{
  project(id: $project) {{
    evaluators(first: 100, search: $search, after: $after) {{
      edges {{ node {{ {_EVALUATOR} }} }}
      pageInfo {{ hasNextPage endCursor }}
    }}
  }}
}}
"""

NODE: Final = f"""
query Evaluator($id: ID!) {{ node(id: $id) {{ ... on Evaluator {{ {_EVALUATOR} }} }} }}
"""

CREATE: Final = f"""
mutation CreateEvaluator($input: CreateEvaluatorInput!) {{ createEvaluator(input: $input) {{ {_EVALUATOR} }} }}
"""

DELETE: Final = """
mutation DeleteEvaluator($id: ID!) { deleteEvaluator(id: $id) }
"""

LIBRARY: Final = """
query Library($search: String, $after: String) {
  evaluatorPlugins(first: 100, search: $search, after: $after) {
    edges { node { key summary version scoreType health problem configSchema variables { name required } } }
    pageInfo { hasNextPage endCursor }
  }
}
"""
