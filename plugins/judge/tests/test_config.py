import pytest
from pydantic import ValidationError

from evalyard_judge import JudgeBooleanConfig, JudgeCategoryConfig, JudgePreferenceConfig, JudgeScoreConfig

TWO = {"a": "", "b": ""}


@pytest.mark.parametrize(
    ("kind", "config", "at", "message"),
    [
        (JudgeBooleanConfig, {"guideline": ""}, ("guideline",), "at least 1 character"),
        (JudgeBooleanConfig, {"guideline": "x" * 20_001}, ("guideline",), "at most 20000 characters"),
        (JudgeBooleanConfig, {"template": "{{outptu}}"}, ("template",), "{{outptu}} is no variable"),
        (JudgeBooleanConfig, {"guideline": "g", "temperature": 2.1}, ("temperature",), "less than or equal to 2"),
        (JudgeBooleanConfig, {"guideline": "g", "max_answers": 0}, ("max_answers",), "greater than or equal to 1"),
        (JudgeBooleanConfig, {"guideline": "g", "answer_format": "xml"}, ("answer_format",), "json_schema"),
        (JudgeScoreConfig, {"guideline": "g", "lowest": 5}, (), "lowest must be less than highest"),
        (JudgeScoreConfig, {"guideline": "g", "lowest": 0.5}, (), "must be whole numbers, or whole_numbers false"),
        (JudgeScoreConfig, {"guideline": "g", "highest": float("inf")}, ("highest",), ""),
        (JudgeCategoryConfig, {"guideline": "g"}, ("categories",), "required"),
        (JudgeCategoryConfig, {"guideline": "g", "categories": {"a": ""}}, ("categories",), "at least 2 items"),
        (JudgeCategoryConfig, {"guideline": "g", "categories": TWO, "passing": ["c"]}, (), "passing names c, which"),
        (JudgePreferenceConfig, {"guideline": ""}, ("guideline",), "at least 1 character"),
        (JudgePreferenceConfig, {"api_key": "sk-clear"}, ("api_key",), "${secret:NAME}"),
    ],
)
def test_a_wrong_config_names_its_field(kind, config, at, message):
    with pytest.raises(ValidationError) as caught:
        kind.model_validate({"model": "m"} | config)
    (error,) = caught.value.errors()
    assert error["loc"] == at
    assert message in error["msg"]
