"""Systems under test and their versions."""

from typing import Final

_VERSION: Final = "id name target config createdAt"
_SYSTEM: Final = f"id name description createdAt productionVersion {{ {_VERSION} }}"

LIST: Final = f"""
query Systems($project: ID!, $search: String, $after: String) {{
  project(id: $project) {{
    systems(first: 100, search: $search, after: $after) {{
      edges {{ node {{ {_SYSTEM} }} }}
      pageInfo {{ hasNextPage endCursor }}
    }}
  }}
}}
"""

NODE: Final = f"""
query System($id: ID!) {{ node(id: $id) {{ ... on System {{ {_SYSTEM} }} }} }}
"""

VERSIONS: Final = f"""
query Versions($id: ID!, $after: String) {{
  system(id: $id) {{
    versions(first: 100, after: $after) {{
      edges {{ node {{ {_VERSION} }} }}
      pageInfo {{ hasNextPage endCursor }}
    }}
  }}
}}
"""

CREATE: Final = f"""
mutation CreateSystem($input: CreateSystemInput!) {{ createSystem(input: $input) {{ {_SYSTEM} }} }}
"""

CREATE_VERSION: Final = f"""
mutation CreateSystemVersion($input: CreateSystemVersionInput!) {{
  createSystemVersion(input: $input) {{ {_VERSION} system {{ id name }} }}
}}
"""

PROMOTE: Final = f"""
mutation Promote($version: ID!) {{ setProductionVersion(systemVersionId: $version) {{ {_SYSTEM} }} }}
"""
