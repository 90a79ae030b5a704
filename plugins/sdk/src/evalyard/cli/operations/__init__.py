"""The operations that the commands send, as GraphQL texts; a test holds each against the schema."""
