import { ask, follow, open } from "./evalyard.js";
import { RUN_FOLLOWED, RUN_SHOWN } from "./operations.js";

const connection = { url: process.env.EVALYARD_URL ?? "http://127.0.0.1:8000", apiKey: process.env.EVALYARD_API_KEY };
const id = process.argv[2] ?? "";
const client = open(connection);
for await (const { runProgress } of follow(client, RUN_FOLLOWED, { id })) {
  const { progress, status } = runProgress;
  console.log(`${status}: ${progress.completed} of ${progress.total}, ${progress.passed} passed`);
  if (status === "COMPLETED" || status === "FAILED" || status === "CANCELLED") break;
}
const { run } = await ask(connection, RUN_SHOWN, { id });
console.log(`${run?.name}: ${run?.summary?.passRate ?? "no pass rate"}`);
await client.dispose();
