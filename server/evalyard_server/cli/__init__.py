"""The commands that the server adds to `evalyard`. Heavy modules are imported inside them: help must be fast."""
