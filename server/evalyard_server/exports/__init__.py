"""Exports: tables of any length as CSV, JSON Lines or Parquet, written as they are read."""
