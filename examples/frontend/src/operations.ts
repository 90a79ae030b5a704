/** An operation of the schema, with the types of its variables and of its data. A test holds the text against the schema. */
export interface Operation<Data, Variables> {
  readonly text: string;
  /** Never there: it only carries the types. */
  readonly types?: (variables: Variables) => Data;
}

export type RunStatus = "PENDING" | "RUNNING" | "SCORING" | "COMPLETED" | "FAILED" | "CANCELLED";

interface Counts {
  passed: number;
  failed: number;
  errored: number;
}

export const RUN_SHOWN: Operation<
  { run: { name: string; status: RunStatus; summary: (Counts & { passRate: number | null }) | null } | null },
  { id: string }
> = {
  text: `query RunShown($id: ID!) {
    run(id: $id) {
      name
      status
      summary { passRate passed failed errored }
    }
  }`,
};

export const RUN_FOLLOWED: Operation<
  { runProgress: { status: RunStatus; progress: Counts & { total: number; completed: number } } },
  { id: string }
> = {
  text: `subscription RunFollowed($id: ID!) {
    runProgress(runId: $id) {
      status
      progress { total completed passed failed errored }
    }
  }`,
};
