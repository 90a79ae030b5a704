"""Real processes that are killed and stopped, and an account of what was paid meanwhile."""
