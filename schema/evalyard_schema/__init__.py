"""The GraphQL schema: thin types over the services of `evalyard_core`, and the SDL that is made of them."""
