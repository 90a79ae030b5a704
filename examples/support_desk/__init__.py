"""The system under test of the demo: the support desk of a small tea shop, in two versions."""
