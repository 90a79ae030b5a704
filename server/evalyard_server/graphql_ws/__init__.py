"""GraphQL over WebSocket: the graphql-transport-ws protocol, https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md."""
