"""The system under test, and an evaluator that runs beside it."""

CAPITALS = {"France": "Paris", "Italy": "Rome", "Peru": "Lima"}


def answer(country: str) -> str:
    """Name a country's capital."""
    return CAPITALS[country]


def short(output: str) -> bool:
    """Tell whether an answer is a name, and no essay."""
    return len(output) < 20
