"""A real mongod and a real Valkey as child processes, for `evalyard up` and for the tests."""
