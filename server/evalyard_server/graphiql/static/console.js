"use strict";

// GraphiQL over this server: queries and mutations over HTTP, subscriptions over graphql-transport-ws. Whatever stands
// in the headers editor is sent with both; over the WebSocket as the payload of connection_init.
(() => {
  const root = document.getElementById("graphiql");
  const wantsKey = root.dataset.keys === "wanted";

  const WELCOME = `# Queries, mutations and subscriptions of this Evalyard.
${wantsKey ? "# Put your API key into the headers below, behind Bearer,\n# and fetch the schema again: the arrows at the left.\n" : ""}
query Projects {
  viewer {
    name
    role
    projects {
      edges {
        node {
          id
          name
        }
      }
    }
  }
}
`;
  const HEADERS = '{\n  "Authorization": "Bearer "\n}';

  const shared = new URLSearchParams(location.search);
  const address = new URL(location.pathname, location.origin);
  const socket = new URL(address);
  socket.protocol = address.protocol === "https:" ? "wss:" : "ws:";

  const fetcher = GraphiQL.createFetcher({
    url: address.href,
    subscriptionUrl: socket.href,
    enableIncrementalDelivery: false,
  });

  function Console() {
    const [query, setQuery] = React.useState(shared.get("query") ?? undefined);
    const explorer = GraphiQLPluginExplorer.useExplorerPlugin({ query, onEdit: setQuery });
    return React.createElement(GraphiQL, {
      fetcher,
      query,
      onEditQuery: setQuery,
      variables: shared.get("variables") ?? undefined,
      operationName: shared.get("operationName") ?? undefined,
      defaultQuery: WELCOME,
      defaultHeaders: wantsKey ? HEADERS : undefined,
      defaultEditorToolsVisibility: wantsKey ? "headers" : undefined,
      plugins: [explorer],
    });
  }

  ReactDOM.render(React.createElement(Console), root);
})();
