"""The rules by which the support desk answers, in two versions.

Version 2 understands more words, French, weeks, discount codes and thousands ("1,249.00"). Its new way to read an
amount takes every comma for a thousands separator, so that "59,90 €" becomes 5990: a bug of the kind that a better
average hides.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from .phrases import REPLIES, WORDS_V1, WORDS_V2, Words

CURRENCY = r"(?:€|eur\b|euros?\b)"
DAYS = {"day": 1, "tag": 1, "jour": 1}
WEEKS = {"week": 7, "woche": 7, "semaine": 7}


@dataclass(frozen=True, slots=True)
class Answer:
    """What the desk made of a message, and what it says to the customer."""

    intent: str
    reply: str


@dataclass(frozen=True, slots=True)
class Desk:
    """One version of the desk; `words` are the words it knows, by language and intent."""

    words: Words
    read_amount: Callable[[str], float]
    time_units: Mapping[str, int]
    quantity: str
    discounts: Mapping[str, float]
    express_fee: float | None

    def answer(self, message: str, language: str) -> Answer:
        """Answer a customer's message in the customer's language, or in English when it is not known."""
        text = message.lower()
        language = language if language in self.words else "en"
        intent = self._intent(text, language)
        kind, amount = self._decide(intent, text)
        return Answer(intent, REPLIES[language][kind].format(amount=amount))

    def _intent(self, text: str, language: str) -> str:
        known = self.words[language].items()
        return next((intent for intent, words in known if any(word in text for word in words)), "unknown")

    def _decide(self, intent: str, text: str) -> tuple[str, float]:
        if intent == "refund":
            return self._refund(text)
        if intent == "shipping":
            return self._shipping(text)
        if intent == "total":
            return "total", self._total(text)
        return intent, 0.0

    def _refund(self, text: str) -> tuple[str, float]:
        price, days = self.read_amount(text), self._days(text)
        if days <= 30:
            return "full", price
        return ("half", price / 2) if days <= 90 else ("late", 0.0)

    def _shipping(self, text: str) -> tuple[str, float]:
        if self.express_fee is not None and "express" in text:
            return "express", self.express_fee
        return ("free", 0.0) if self.read_amount(text) >= 100 else ("paid", 5.0)

    def _total(self, text: str) -> float:
        found = re.search(self.quantity, text)
        price = self.read_amount(text) * (int(found[1]) if found else 1)
        return price * (1 - sum(share for code, share in self.discounts.items() if code in text))

    def _days(self, text: str) -> int:
        found = re.search(rf"(\d+) ({'|'.join(self.time_units)})", text)
        return int(found[1]) * self.time_units[found[2]] if found else 0


def read_amount_v1(text: str) -> float:
    """Read the first amount of money; a point or a comma before two digits marks the cents."""
    found = re.search(rf"(\d+(?:[.,]\d\d)?)\s*{CURRENCY}", text)
    return float(found[1].replace(",", ".")) if found else 0.0


def read_amount_v2(text: str) -> float:
    """Read the first amount of money; commas separate thousands, a point marks the cents."""
    found = re.search(rf"(\d[\d,]*(?:\.\d+)?)\s*{CURRENCY}", text)
    return float(found[1].replace(",", "")) if found else 0.0


DESKS = {
    "v1": Desk(WORDS_V1, read_amount_v1, DAYS, r"(\d+) x ", {}, express_fee=None),
    "v2": Desk(WORDS_V2, read_amount_v2, DAYS | WEEKS, r"(\d+) (?:x|tins|cups) ", {"tea10": 0.1}, express_fee=12.0),
}
