"""The operations that the client sends; a test holds them against the schema."""

from typing import Final

PROJECT: Final = """
query Project($id: ID, $name: String) { project(id: $id, name: $name) { id name } }
"""

PROJECTS: Final = """
query Projects { projects(first: 2) { edges { node { id name } } } }
"""

DATASET: Final = """
query Dataset($id: ID!) { node(id: $id) { ... on Dataset { id name version project { id } } } }
"""

DATASETS: Final = """
query Datasets($project: ID!, $search: String, $after: String) {
  project(id: $project) {
    datasets(first: 100, search: $search, after: $after) {
      edges { node { id name version } }
      pageInfo { hasNextPage endCursor }
    }
  }
}
"""

ITEMS: Final = """
query Items($id: ID!, $version: Int, $first: Int, $after: String) {
  dataset(id: $id) {
    items(version: $version, first: $first, after: $after) {
      edges { node { id input expectedOutput metadata } }
      pageInfo { hasNextPage endCursor }
    }
  }
}
"""

_EVALUATOR: Final = "id name scoreType config mapping { variable path } threshold { operator value } plugin { key }"

EVALUATORS: Final = f"""
query Evaluators($project: ID!, $search: String, $after: String) {{
  project(id: $project) {{
    evaluators(first: 100, search: $search, after: $after) {{
      edges {{ node {{ {_EVALUATOR} }} }}
      pageInfo {{ hasNextPage endCursor }}
    }}
  }}
}}
"""

ATTACHED: Final = """
query Attached($id: ID!) { dataset(id: $id) { evaluators { evaluator { id } } } }
"""

CREATE_EVALUATOR: Final = f"""
mutation CreateEvaluator($input: CreateEvaluatorInput!) {{ createEvaluator(input: $input) {{ {_EVALUATOR} }} }}
"""

UPDATE_EVALUATOR: Final = f"""
mutation UpdateEvaluator($id: ID!, $input: UpdateEvaluatorInput!) {{
  updateEvaluator(id: $id, input: $input) {{ {_EVALUATOR} }}
}}
"""

_RUN: Final = """
id number name status statusReason trials metadata tags source createdAt startedAt finishedAt datasetVersion
dataset { id name }
project { id name }
dispatch { at }
progress { revision total pending running completed passed failed errored cancelled percent }
"""

_FIGURES: Final = """
summary { passRate passRateInterval { low high level } passed failed errored totalCostUsd totalTokens totalDurationMs
          averageLatencyMs p50LatencyMs p95LatencyMs passAtK { k anyPasses allPass } }
evaluators { name pluginKey scoreType status explanation scored passed failed errored skipped passRate mean median
             standardDeviation meanInterval { low high level } evaluator { id } }
"""

START_RUN: Final = f"""
mutation StartRun($input: StartRunInput!) {{ startRun(input: $input) {{ {_RUN} evaluators {{ evaluator {{ id }} }} }} }}
"""

RUN: Final = f"query Run($id: ID!) {{ node(id: $id) {{ ... on Run {{ {_RUN} {_FIGURES} }} }} }}"

PROGRESS: Final = """
query Progress($id: ID!) {
  run(id: $id) { status progress { total running completed passed failed errored cancelled percent } }
}
"""

WATCH: Final = """
subscription Watch($id: ID!) {
  runProgress(runId: $id) {
    status progress { revision total pending running completed passed failed errored cancelled percent }
  }
}
"""

SUBMIT: Final = """
mutation Submit($run: ID!, $records: [SubmittedRecordInput!]!) { submitRecords(runId: $run, records: $records) {
  run { status progress { total running completed passed failed errored cancelled percent } }
} }
"""

FINISH: Final = """
mutation Finish($run: ID!) { finishRun(runId: $run) { status } }
"""

SUBMITTED: Final = """
query Submitted($id: ID!, $first: Int, $after: String) {
  run(id: $id) {
    records(first: $first, after: $after) {
      edges { node { trial status input item { id } } }
      pageInfo { hasNextPage endCursor }
    }
  }
}
"""

PLANNED: Final = """
query Planned($id: ID!, $first: Int, $after: String) {
  run(id: $id) {
    records(first: $first, after: $after) {
      edges { node { trial status input expectedOutput metadata item { id } } }
      pageInfo { hasNextPage endCursor }
    }
  }
}
"""

RECORDS: Final = """
query Records($id: ID!, $first: Int, $after: String, $filter: RecordFilter) {
  run(id: $id) {
    records(first: $first, after: $after, filter: $filter) {
      edges { node {
        id trial status verdict input expectedOutput output metadata tags
        latencyMs costUsd promptTokens completionTokens
        error { code message }
        item { id }
        scores { name status value passed explanation source evaluatorVersion pluginVersion error { code message } }
      } }
      pageInfo { hasNextPage endCursor }
    }
  }
}
"""

COMPARE: Final = """
query Compare($baseline: ID!, $candidates: [ID!]!) {
  compareRuns(baselineId: $baseline, candidateIds: $candidates) {
    baseline { number name }
    candidates {
      run { number name }
      verdict pValue regressed improved unchanged passRateDelta casesNeeded warnings
      evaluators { evaluator { name } delta pValue verdict }
    }
  }
}
"""
