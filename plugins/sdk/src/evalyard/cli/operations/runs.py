"""Runs: what they are, how they stand, and what is done with them."""

from typing import Final

PROGRESS: Final = "progress { revision total pending running completed passed failed errored cancelled percent }"

_RUN: Final = f"""
id number name status statusReason source tags trials createdAt startedAt finishedAt datasetVersion
dataset {{ id name }} system {{ id name }} systemVersion {{ id name }}
{PROGRESS}
summary {{ passRate passed failed errored totalCostUsd totalTokens averageLatencyMs p95LatencyMs }}
"""

LIST: Final = f"""
query Runs($project: ID!, $filter: RunFilter, $first: Int, $after: String) {{
  project(id: $project) {{
    runs(first: $first, filter: $filter, after: $after) {{
      edges {{ node {{ {_RUN} }} }}
      pageInfo {{ hasNextPage endCursor }}
    }}
  }}
}}
"""

#: As little as there is to know a run by.
KNOWN: Final = """
query Known($project: ID!, $filter: RunFilter, $after: String) {
  project(id: $project) {
    runs(first: 100, filter: $filter, after: $after) {
      edges { node { id number name } }
      pageInfo { hasNextPage endCursor }
    }
  }
}
"""

NODE: Final = """
query KnownRun($id: ID!) { node(id: $id) { ... on Run { id number name } } }
"""

SHOW: Final = f"""
query ShownRun($id: ID!) {{
  run(id: $id) {{
    {_RUN}
    metadata notes
    evaluators {{
      name pluginKey scoreType status explanation scored passed failed errored skipped passRate mean
      evaluator {{ id }}
    }}
    newFailures(first: 10) {{ edges {{ node {{ id input output error {{ code message }} }} }} }}
  }}
}}
"""

START: Final = f"""
mutation StartRun($input: StartRunInput!) {{ startRun(input: $input) {{ {_RUN} }} }}
"""

WATCH: Final = f"""
subscription Watch($id: ID!, $after: Int) {{
  runProgress(runId: $id, afterRevision: $after) {{ id number name status statusReason {PROGRESS} }}
}}
"""

CANCEL: Final = f"""
mutation CancelRun($id: ID!) {{ cancelRun(runId: $id) {{ {_RUN} }} }}
"""

RETRY: Final = f"""
mutation RetryRun($id: ID!) {{ retryErroredRecords(runId: $id) {{ {_RUN} }} }}
"""

RESCORE: Final = f"""
mutation RescoreRun($id: ID!, $evaluators: [ID!]) {{ rescoreRun(runId: $id, evaluatorIds: $evaluators) {{ {_RUN} }} }}
"""

COMPARE: Final = """
query CompareRuns($baseline: ID!, $candidates: [ID!]!) {
  compareRuns(baselineId: $baseline, candidateIds: $candidates) {
    baseline { id number name }
    candidates {
      run { id number name }
      verdict pValue pairs regressed improved unchanged added removed
      baselinePassRate candidatePassRate passRateDelta casesNeeded averageLatencyDeltaMs costDeltaUsd warnings
      evaluators { name baselineMean candidateMean delta pValue verdict }
    }
  }
}
"""

EXPORT: Final = """
query ExportRun($id: ID!, $format: ExportFormat!) { run(id: $id) { exportUrl(format: $format) } }
"""
