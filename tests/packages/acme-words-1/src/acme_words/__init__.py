"""Count words."""


def count(text: str) -> int:
    """Return how many words a text has, taking a hyphen for a space."""
    return len(text.replace("-", " ").split())
