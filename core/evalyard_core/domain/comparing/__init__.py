"""Comparing runs: what came of their cases, side by side, and whether it could be chance."""
