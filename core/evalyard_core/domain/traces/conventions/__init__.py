"""What a span means, by whichever convention its application was instrumented with.

Each convention is a table of names (gen_ai.py, openinference.py, openllmetry.py, plain.py); a span may follow several,
and what one does not say another may. Names are asked for in the order of `CONVENTIONS`.
"""

from .reading import CONVENTIONS, understand

__all__ = ["CONVENTIONS", "understand"]
