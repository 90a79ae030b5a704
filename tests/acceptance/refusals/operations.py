"""The operations that are sent. Mutations ask for an id only: what they answer is not looked at here."""


def field_of(query: str) -> str:
    """Return the name of the field that an operation asks for."""
    return query.partition("{")[2].partition("(")[0].strip(" }\n")


CREATE_PROJECT = "mutation ($input: CreateProjectInput!) { createProject(input: $input) { id } }"
UPDATE_PROJECT = """mutation (
  $id: ID!, $name: String, $description: String, $retention: RetentionInput, $redaction: RedactionInput
) {
  updateProject(id: $id, name: $name, description: $description, retention: $retention, redaction: $redaction) { id }
}"""
DELETE_TRACE = "mutation ($id: ID!) { deleteTrace(id: $id) }"
DELETE_TRACES = "mutation ($ids: [ID!]!) { deleteTraces(ids: $ids) }"
DELETE_PROJECT = "mutation ($id: ID!) { deleteProject(id: $id) }"
CREATE_KEY = "mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { apiKey { id } secret } }"
REVOKE_KEY = "mutation ($id: ID!) { revokeApiKey(id: $id) { id } }"

CREATE_DATASET = "mutation ($input: CreateDatasetInput!) { createDataset(input: $input) { id } }"
UPDATE_DATASET = "mutation ($id: ID!, $input: UpdateDatasetInput!) { updateDataset(id: $id, input: $input) { id } }"
DELETE_DATASET = "mutation ($id: ID!) { deleteDataset(id: $id) }"
ADD_ITEMS = """mutation ($datasetId: ID!, $items: [DatasetItemInput!]!) {
  addDatasetItems(datasetId: $datasetId, items: $items) { items { id } }
}"""
ADD_TRACES = """mutation (
  $datasetId: ID!, $traceIds: [ID!]!, $inputPath: String = "input", $expectedOutputPath: String = "output",
  $metadataPath: String, $tags: [String!]
) {
  addTracesToDataset(
    datasetId: $datasetId, traceIds: $traceIds, inputPath: $inputPath, expectedOutputPath: $expectedOutputPath,
    metadataPath: $metadataPath, tags: $tags
  ) { items { id } }
}"""
UPDATE_ITEM = """mutation ($id: ID!, $input: UpdateDatasetItemInput!) {
  updateDatasetItem(id: $id, input: $input) { id }
}"""
DELETE_ITEMS = "mutation ($ids: [ID!]!) { deleteDatasetItems(ids: $ids) { id } }"
ATTACH = """mutation (
  $datasetId: ID!, $evaluatorId: ID!, $mapping: [VariableMappingInput!], $threshold: ThresholdInput
) {
  attachEvaluator(datasetId: $datasetId, evaluatorId: $evaluatorId, mapping: $mapping, threshold: $threshold) { id }
}"""
DETACH = """mutation ($datasetId: ID!, $evaluatorId: ID!) {
  detachEvaluator(datasetId: $datasetId, evaluatorId: $evaluatorId) { id }
}"""

SET_GATE_POLICY = """mutation ($datasetId: ID!, $policy: GatePolicyInput) {
  setGatePolicy(datasetId: $datasetId, policy: $policy) { id }
}"""

CREATE_EVALUATOR = "mutation ($input: CreateEvaluatorInput!) { createEvaluator(input: $input) { id } }"
UPDATE_EVALUATOR = """mutation ($id: ID!, $input: UpdateEvaluatorInput!) {
  updateEvaluator(id: $id, input: $input) { id }
}"""
DELETE_EVALUATOR = "mutation ($id: ID!) { deleteEvaluator(id: $id) }"
TRY_EVALUATOR = "mutation ($input: TryEvaluatorInput!) { tryEvaluator(input: $input) { value } }"
REFRESH_PLUGINS = "mutation { refreshPlugins }"

CREATE_SYSTEM = "mutation ($input: CreateSystemInput!) { createSystem(input: $input) { id } }"
CREATE_VERSION = "mutation ($input: CreateSystemVersionInput!) { createSystemVersion(input: $input) { id } }"
TRY_TARGET = "mutation ($input: TryTargetInput!) { tryTarget(input: $input) { done } }"
SET_PRODUCTION = """mutation ($systemVersionId: ID!) {
  setProductionVersion(systemVersionId: $systemVersionId) { id }
}"""

SET_RATE_LIMIT = """mutation ($systemVersionId: ID!, $rateLimit: RateLimitInput) {
  setRateLimit(systemVersionId: $systemVersionId, rateLimit: $rateLimit) { id }
}"""

START_RUN = "mutation ($input: StartRunInput!) { startRun(input: $input) { id } }"
RERUN = "mutation ($runId: ID!, $input: RerunInput) { rerun(runId: $runId, input: $input) { id } }"
SUBMIT = """mutation ($runId: ID!, $records: [SubmittedRecordInput!]!) {
  submitRecords(runId: $runId, records: $records) { records { id } }
}"""
FINISH = "mutation ($runId: ID!) { finishRun(runId: $runId) { id } }"
RESCORE = """mutation ($runId: ID!, $evaluatorIds: [ID!]) {
  rescoreRun(runId: $runId, evaluatorIds: $evaluatorIds) { id }
}"""
RETRY_ERRORED = "mutation ($runId: ID!) { retryErroredRecords(runId: $runId) { id } }"
CANCEL = "mutation ($runId: ID!) { cancelRun(runId: $runId) { id } }"
UPDATE_RUN = "mutation ($id: ID!, $input: UpdateRunInput!) { updateRun(id: $id, input: $input) { id } }"
DELETE_RUN = "mutation ($id: ID!) { deleteRun(id: $id) }"

CREATE_SCHEDULE = "mutation ($input: CreateScheduleInput!) { createSchedule(input: $input) { id } }"
UPDATE_SCHEDULE = """mutation ($id: ID!, $input: UpdateScheduleInput!) {
  updateSchedule(id: $id, input: $input) { id }
}"""
PAUSE_SCHEDULE = "mutation ($id: ID!) { pauseSchedule(id: $id) { id } }"
RESUME_SCHEDULE = "mutation ($id: ID!) { resumeSchedule(id: $id) { id } }"
DELETE_SCHEDULE = "mutation ($id: ID!) { deleteSchedule(id: $id) }"
SCHEDULES = """query ($id: ID!, $first: Int, $after: String) {
  project(id: $id) { schedules(first: $first, after: $after) { edges { cursor } } }
}"""
UPCOMING = """query ($id: ID!, $count: Int, $first: Int, $after: String) {
  node(id: $id) { ... on Schedule { upcoming(count: $count) runs(first: $first, after: $after) { totalCount } } }
}"""

CREATE_MONITOR = "mutation ($input: CreateMonitorInput!) { createMonitor(input: $input) { id } }"
UPDATE_MONITOR = "mutation ($id: ID!, $input: UpdateMonitorInput!) { updateMonitor(id: $id, input: $input) { id } }"
PAUSE_MONITOR = "mutation ($id: ID!) { pauseMonitor(id: $id) { id } }"
RESUME_MONITOR = "mutation ($id: ID!) { resumeMonitor(id: $id) { id } }"
DELETE_MONITOR = "mutation ($id: ID!) { deleteMonitor(id: $id) }"
MONITORS = """query ($id: ID!, $first: Int, $after: String) {
  project(id: $id) { monitors(first: $first, after: $after) { edges { cursor } } }
}"""
RUNS_OF_MONITOR = """query ($id: ID!, $first: Int, $after: String) {
  node(id: $id) { ... on Monitor { runs(first: $first, after: $after) { totalCount } } }
}"""

ADD_SCORE = "mutation ($input: AddScoreInput!) { addScore(input: $input) { id } }"
ANNOTATE = """mutation ($recordId: ID!, $rating: Int, $comment: String) {
  annotateRecord(recordId: $recordId, rating: $rating, comment: $comment) { id }
}"""

SCORE_SPAN = "mutation ($input: AddSpanScoreInput!) { addSpanScore(input: $input) { id } }"
ANNOTATE_SPAN = """mutation ($spanId: ID!, $rating: Int, $comment: String) {
  annotateSpan(spanId: $spanId, rating: $rating, comment: $comment) { id }
}"""

AGREEMENT = """query ($id: ID!, $runIds: [ID!], $version: Int, $basis: AgreementBasis! = VALUE) {
  evaluator(id: $id) { agreement(runIds: $runIds, version: $version, basis: $basis) { pairs unpaired kappa } }
}"""
DISAGREEMENTS = """query ($id: ID!, $first: Int, $after: String) {
  evaluator(id: $id) { agreement { disagreements(first: $first, after: $after) { edges { cursor } } } }
}"""

VIEWER = "{ viewer { name } }"
NODE = "query ($id: ID!) { node(id: $id) { __typename id } }"
NODES = "query ($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }"
PROJECT = "query ($id: ID, $name: String) { project(id: $id, name: $name) { id } }"
DATASET = "query ($id: ID!) { dataset(id: $id) { id } }"
EVALUATOR = "query ($id: ID!) { evaluator(id: $id) { id } }"
SYSTEM = "query ($id: ID!) { system(id: $id) { id } }"
RUN = "query ($id: ID!) { run(id: $id) { id status progress { running completed } } }"
TRACE = "query ($id: ID!) { trace(id: $id) { id } }"
SPANS = """query ($id: ID!, $first: Int, $after: String) {
  trace(id: $id) { spans(first: $first, after: $after) { edges { cursor } } }
}"""
TRACES = """query ($id: ID!, $first: Int, $after: String, $filter: TraceFilter, $orderBy: TraceOrder) {
  project(id: $id) {
    traces(first: $first, after: $after, filter: $filter, orderBy: $orderBy) { edges { cursor } totalCount }
  }
}"""
RECORD = "query ($id: ID!) { record(id: $id) { id } }"
PROJECTS = "query ($first: Int, $after: String) { projects(first: $first, after: $after) { edges { cursor } } }"
KEYS = "query ($id: ID!) { project(id: $id) { apiKeys { edges { node { name } } } } }"
PLUGINS = """query ($search: String, $first: Int, $after: String) {
  evaluatorPlugins(search: $search, first: $first, after: $after) { edges { cursor node { key } } }
  targetPlugins { key }
}"""
DATASETS = """query ($id: ID!, $first: Int, $after: String, $search: String, $tags: [String!]) {
  project(id: $id) {
    datasets(first: $first, after: $after, search: $search, tags: $tags) { edges { cursor } pageInfo { endCursor } }
  }
}"""
ITEMS = """query ($id: ID!, $first: Int, $after: String, $version: Int, $tags: [String!]) {
  dataset(id: $id) { items(first: $first, after: $after, version: $version, tags: $tags) { edges { cursor } } }
}"""
RUNS = """query ($id: ID!, $first: Int, $after: String, $filter: RunFilter, $orderBy: RunOrder) {
  project(id: $id) {
    runs(first: $first, after: $after, filter: $filter, orderBy: $orderBy) {
      edges { cursor } pageInfo { endCursor } totalCount
    }
  }
}"""
RECORDS = """query ($id: ID!, $first: Int, $after: String, $filter: RecordFilter, $orderBy: RecordOrder) {
  project(id: $id) {
    records(first: $first, after: $after, filter: $filter, orderBy: $orderBy) {
      edges { cursor } pageInfo { endCursor } totalCount
    }
  }
}"""
RECORDS_OF_RUN = """query ($id: ID!, $after: String, $orderBy: RecordOrder) {
  run(id: $id) {
    records(after: $after, orderBy: $orderBy) { edges { cursor node { id status } } pageInfo { endCursor } }
  }
}"""

GATE = "query ($id: ID!, $policy: GatePolicyInput) { run(id: $id) { gate(policy: $policy) { passed } } }"
RECORDS_EXPORT = """query ($id: ID!, $filter: RecordFilter) {
  project(id: $id) { recordsExportUrl(format: CSV, filter: $filter) }
}"""
COMPARE = """query ($baselineId: ID!, $candidateIds: [ID!]!, $first: Int, $after: String) {
  compareRuns(baselineId: $baselineId, candidateIds: $candidateIds) {
    candidates { verdict } rows(first: $first, after: $after) { edges { cursor } }
  }
}"""
HISTORY = """query ($id: ID!, $evaluatorIds: [ID!], $filter: RunFilter, $last: Int) {
  project(id: $id) { history(evaluatorIds: $evaluatorIds, filter: $filter, last: $last) { unit } }
}"""
FAILING_ITEMS = """query ($id: ID!, $lastRuns: Int, $first: Int, $after: String) {
  dataset(id: $id) { consistentFailures(lastRuns: $lastRuns, first: $first, after: $after) { edges { cursor } } }
}"""
FLAKY_ITEMS = """query ($id: ID!, $lastRuns: Int, $first: Int, $after: String) {
  dataset(id: $id) { flakyItems(lastRuns: $lastRuns, first: $first, after: $after) { edges { cursor } } }
}"""
FAILING_RECORDS = """query ($id: ID!, $first: Int, $after: String) {
  run(id: $id) {
    newFailures(first: $first, after: $after) { edges { cursor } }
    failureGroups { edges { node { failures { totalCount } } } }
  }
}"""
FAILURE_GROUPS = """query ($id: ID!, $first: Int, $after: String) {
  run(id: $id) { failureGroups(first: $first, after: $after) { edges { cursor } } }
}"""

DELETE_TRACE = "mutation ($id: ID!) { deleteTrace(id: $id) }"
DELETE_TRACES = "mutation ($ids: [ID!]!) { deleteTraces(ids: $ids) }"
