"""Systems under test for the live server: functions that its worker calls."""

CITIES = {"France": "Paris", "Italy": "Rome", "Spain": "Madrid", "Peru": "Lima"}


def v1(country: str) -> str:
    """Know every city but one."""
    return "Cusco" if country == "Peru" else CITIES[country]


def flaky(country: str) -> str:
    """Fail for one country."""
    if country == "Peru":
        raise RuntimeError("out of order")
    return CITIES[country]
