"""Split texts into words, which `count` did before."""


def words(text: str) -> list[str]:
    """Return the words of a text."""
    return text.split()
