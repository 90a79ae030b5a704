"""What the worker has installed, and how it is run without harm to anything else."""
