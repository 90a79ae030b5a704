import { ask, follow, open } from "./evalyard.js";
import { graphql } from "./gql/index.js";

const RunShown = graphql(`
  query RunShown($id: ID!) {
    run(id: $id) {
      name
      status
      summary { passRate passed failed errored }
    }
  }
`);

const RunFollowed = graphql(`
  subscription RunFollowed($id: ID!) {
    runProgress(runId: $id) {
      status
      progress { total completed passed failed errored }
    }
  }
`);

const connection = { url: process.env.EVALYARD_URL ?? "http://127.0.0.1:8000", apiKey: process.env.EVALYARD_API_KEY };
const id = process.argv[2] ?? "";
const client = open(connection);
for await (const { runProgress } of follow(client, RunFollowed, { id })) {
  const { progress, status } = runProgress;
  console.log(`${status}: ${progress.completed} of ${progress.total}, ${progress.passed} passed`);
  if (status === "COMPLETED" || status === "FAILED" || status === "CANCELLED") break;
}
const { run } = await ask(connection, RunShown, { id });
console.log(`${run?.name}: ${run?.summary?.passRate ?? "no pass rate"}`);
await client.dispose();
