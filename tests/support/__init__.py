"""What tests stand on: systems under test, and a place to run the engine in."""
