"""A language model as the judge, over an OpenAI-compatible endpoint.

Each judge is told by a guideline or a template what to look at, writes its explanation before its verdict, and is asked
again when its answer is not in the form that was asked for. What is judged is fenced off from the instructions.
"""

from evalyard_judge._boolean import JudgeBoolean, JudgeBooleanConfig
from evalyard_judge._category import JudgeCategory, JudgeCategoryConfig
from evalyard_judge._preference import JudgePreference, JudgePreferenceConfig
from evalyard_judge._score import JudgeScore, JudgeScoreConfig

__all__ = [
    "JudgeBoolean",
    "JudgeBooleanConfig",
    "JudgeCategory",
    "JudgeCategoryConfig",
    "JudgePreference",
    "JudgePreferenceConfig",
    "JudgeScore",
    "JudgeScoreConfig",
]
