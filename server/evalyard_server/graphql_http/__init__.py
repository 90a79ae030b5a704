"""GraphQL over HTTP, as its specification says: https://graphql.github.io/graphql-over-http/draft/."""
