"""What tests stand on: systems under test, a place to run the engine in, and a server in place of a paid service."""
