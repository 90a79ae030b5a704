"""Who asks, and which projects they see."""

from typing import Final

VIEWER: Final = """
query Viewer { viewer { name role } }
"""

PROJECTS: Final = """
query Projects($after: String) {
  projects(first: 100, after: $after) {
    edges { node { id name description createdAt } }
    pageInfo { hasNextPage endCursor }
  }
}
"""
