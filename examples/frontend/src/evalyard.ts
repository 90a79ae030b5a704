import { type Client, createClient } from "graphql-ws";
import { WebSocket } from "ws";
import type { Operation } from "./operations.js";

/** Where the server is, and the key of whoever asks. */
export interface Connection {
  url: string;
  apiKey?: string;
}

/** Return the data of a query or mutation; its variables and its data have the types of the operation. */
export async function ask<Data, Variables>(
  { url, apiKey }: Connection,
  operation: Operation<Data, Variables>,
  variables: Variables,
): Promise<Data> {
  const response = await fetch(`${url}/graphql`, {
    method: "POST",
    headers: { "Content-Type": "application/json", ...(apiKey ? { Authorization: `Bearer ${apiKey}` } : {}) },
    body: JSON.stringify({ query: operation.text, variables }),
  });
  const { data, errors } = (await response.json()) as { data?: Data; errors?: { message: string }[] };
  if (errors?.length || !data) throw new Error(errors?.[0]?.message ?? `status ${response.status}`);
  return data;
}

/** Open a connection for subscriptions; a browser has a WebSocket of its own and needs no `webSocketImpl`. */
export function open({ url, apiKey }: Connection): Client {
  return createClient({
    url: `${url.replace(/^http/, "ws")}/graphql`,
    webSocketImpl: WebSocket,
    connectionParams: apiKey ? { Authorization: `Bearer ${apiKey}` } : {},
  });
}

/** Yield what a subscription tells. */
export async function* follow<Data, Variables extends Record<string, unknown>>(
  client: Client,
  operation: Operation<Data, Variables>,
  variables: Variables,
): AsyncGenerator<Data> {
  for await (const { data, errors } of client.iterate<Data>({ query: operation.text, variables })) {
    if (errors?.length || !data) throw new Error(errors?.[0]?.message ?? "no data");
    yield data;
  }
}
