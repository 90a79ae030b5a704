"""What an evaluation is: its words, its store and its use cases, without web, GraphQL or queue."""
