"""What stops a process from starting."""


class StartError(Exception):
    """Something that Evalyard can't start without; the message is one sentence with the remedy, safe to show."""
