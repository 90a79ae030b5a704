"""Numbers within text, as people and language models write them; README.md lists the notations."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

_SPACES: Final = " \u00a0\u2009\u202f"
_CURRENCY: Final = "$€£¥₹₩₽₺₪₫₱฿₴₦¢"
_MINUS: Final = "-\u2212"
_NO_SIGN_AFTER: Final = frozenset(")]}%.°")
_LAST_DIGIT: Final = re.compile(r".*[0-9]", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Number:
    """A number, and how it was written."""

    value: Decimal
    text: str


def number_finder(decimal_separator: str = ".", *, space_groups: bool = True) -> Callable[[str], Number | None]:
    """Build the function that finds the last number in a text."""
    groups = "," if decimal_separator == "." else "."
    pattern = _pattern(re.escape(decimal_separator), re.escape(groups), _SPACES if space_groups else _SPACES[1:])
    to_plain = str.maketrans({decimal_separator: "."} | dict.fromkeys(f"{groups}'\u2019{_SPACES}"))

    def find_last(text: str) -> Number | None:
        digit = _LAST_DIGIT.match(text)
        if digit is None:
            return None
        # A number does not span lines, and texts can be long.
        line = text[text.rfind("\n", 0, digit.end()) + 1 :].partition("\n")[0]
        *_, match = pattern.finditer(line)
        return _read(match, line, to_plain)

    return find_last


def _pattern(point: str, groups: str, spaces: str) -> re.Pattern[str]:
    """Match one number without its sign, in linear time: quantifiers are possessive or bounded."""
    return re.compile(
        rf"""
          \\[dt]?frac\{{(?P<top>[0-9]++)\}}\{{(?P<bottom>0*+[1-9][0-9]*+)\}}
        | (?<![0-9/]) (?:(?P<whole>[0-9]++)[ ])?+ (?P<over>[0-9]++)/(?P<under>0*+[1-9][0-9]*+) (?!/|{point}[0-9])
        | (?P<plain>
            (?: [0-9]{{1,3}}(?:{groups}[0-9]{{2,3}}){{0,6}}{groups}[0-9]{{3}}(?![0-9])
              | [0-9]{{1,3}}(?:['\u2019][0-9]{{3}}){{1,7}}(?![0-9])
              | (?<![0-9])[1-9][0-9]{{0,2}}(?:[{spaces}][0-9]{{3}}){{1,7}}(?![0-9])
              | [0-9]++
            )
            (?:{point}[0-9]++)?
          | (?<![0-9A-Za-z]){point}[0-9]++
          )
          (?: [eE](?P<exponent>[+-]?[0-9]{{1,4}})(?![0-9A-Za-z])
            | [ ]?(?:[x*\u00d7\u00b7]|\\times|\\cdot)[ ]?10(?:\^|\*\*)\{{?(?P<power>[-+\u2212]?[0-9]{{1,4}})\}}?
          )?
        """,
        re.VERBOSE,
    )


def _read(match: re.Match[str], line: str, to_plain: dict[int, str | None]) -> Number:
    magnitude = _magnitude(match, to_plain)
    if _is_negative(line[max(0, match.start() - 4) : match.start()]):
        return Number(-magnitude, f"-{match[0]}")
    return Number(magnitude, match[0])


def _magnitude(match: re.Match[str], to_plain: dict[int, str | None]) -> Decimal:
    if plain := match["plain"]:
        value = Decimal(plain.translate(to_plain))
        exponent = match["exponent"] or match["power"]
        return value.scaleb(int(exponent.replace("\u2212", "-"))) if exponent else value
    if match["top"]:
        return Decimal(match["top"]) / Decimal(match["bottom"])
    return Decimal(match["whole"] or 0) + Decimal(match["over"]) / Decimal(match["under"])


def _is_negative(before: str) -> bool:
    """Tell a sign from a minus between two numbers, a hyphen in a word and a dash in a range."""
    left = before.rstrip(_SPACES)
    if left and left[-1] in _CURRENCY:
        before = left[:-1]
    if not before or before[-1] not in _MINUS:
        return False
    return len(before) == 1 or not (before[-2].isalnum() or before[-2] in _NO_SIGN_AFTER)
