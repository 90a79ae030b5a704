"""Dramatiq workers: the run engine, the plugin host and the sweeper."""
