import sys

import pytest

from evalyard import ScoreType, TargetMode
from evalyard.plugins import (
    EvaluatorDescription,
    PluginLoadError,
    TargetDescription,
    VariableSpec,
    describe_evaluator,
    describe_target,
    discover,
    load_evaluator,
    load_target,
)

WORKING = '''
from typing import Annotated
from pydantic import Field
from evalyard import Config, Evaluator, ScoreType, Target, TargetRequest, TargetResponse, Variable

class ToneConfig(Config):
    language: str = Field("en", description="Language of the answer.")

class Tone(Evaluator[ToneConfig]):
    """Judge the tone."""
    score_type = ScoreType.CATEGORICAL
    def evaluate(self, *, output: Annotated[str, Variable("The answer.")]) -> str:
        return "kind"

class Echo(Target[ToneConfig]):
    """Echo."""
    async def call(self, request: TargetRequest) -> TargetResponse:
        return TargetResponse(request.input)
'''
CONFIG_SCHEMA = {
    "additionalProperties": False,
    "properties": {
        "language": {"default": "en", "description": "Language of the answer.", "title": "Language", "type": "string"}
    },
    "title": "ToneConfig",
    "type": "object",
}


def _find(key, group="evalyard.evaluators"):
    return next(plugin for plugin in discover(group) if plugin.key == key)


def test_an_evaluator_is_loaded_and_described(install):
    install("acme", "2.0", plugins={"tone": "acme_good:Tone"}, modules={"acme_good": WORKING})
    found = _find("acme/tone")

    tone = load_evaluator(found)

    assert tone is sys.modules["acme_good"].Tone
    assert describe_evaluator(found, tone) == EvaluatorDescription(
        key="acme/tone",
        name="tone",
        summary="Judge the tone.",
        distribution="acme",
        version="2.0",
        homepage=None,
        score_type=ScoreType.CATEGORICAL,
        config_schema=CONFIG_SCHEMA,
        variables=(VariableSpec("output", "The answer.", required=True, default_path="output"),),
        scores_records=True,
        scores_runs=False,
    )


def test_a_target_is_loaded_and_described(install):
    install("acme", plugins={"echo": "acme_good:Echo"}, modules={"acme_good": WORKING}, group="evalyard.targets")
    found = _find("acme/echo", "evalyard.targets")

    echo = load_target(found)

    assert describe_target(found, echo) == TargetDescription(
        key="acme/echo",
        name="echo",
        summary="Echo.",
        distribution="acme",
        version="1.0",
        config_schema=CONFIG_SCHEMA,
        mode=TargetMode.CALL,
    )


def _class(body, base="Evaluator"):
    imports = "from collections.abc import Callable\nimport evalyard\nfrom evalyard import *\n"
    return f"{imports}class Tone({base}):\n" + "\n".join(f"    {line}" for line in body.splitlines())


BROKEN = {
    "raises": ("raise RuntimeError('boom\\nsecond line')", "(RuntimeError: boom): upgrade acme, report it"),
    "exits": ("import sys\nsys.exit(3)", "(SystemExit: 3): upgrade acme"),
    "syntax": ("def", "(SyntaxError: invalid syntax"),
    "lacks a dependency": (
        "import numpy_of_tomorrow.linalg",
        (
            "acme 1.0 needs the module numpy_of_tomorrow, which is not installed: "
            "run `pip install --force-reinstall acme`, or install what provides numpy_of_tomorrow."
        ),
    ),
    "is empty": (
        "",
        "can't be imported from acme_bad:Tone (AttributeError: module 'acme_bad' has no attribute 'Tone')",
    ),
    "is a function": ("def Tone(): ...", "acme_bad:Tone of acme 1.0 is not a subclass of evalyard.Evaluator"),
    "is a target": (_class("pass", base="Target"), "is not a subclass of evalyard.Evaluator"),
    "has no score type": (
        _class("def evaluate(self, output): ..."),
        (
            "acme 1.0 breaks the plugin contract: Tone declares no score_type; it is one of BOOLEAN, NUMERIC, "
            "CATEGORICAL, TEXT. Upgrade acme, or report it to its authors."
        ),
    ),
    "has no method": (
        _class("score_type = ScoreType.TEXT"),
        "breaks the plugin contract: Tone defines none of evaluate, evaluate_batch and evaluate_run.",
    ),
    "hides its variables": (
        _class("score_type = ScoreType.TEXT\ndef evaluate(self, *outputs): ..."),
        "Tone.evaluate has the parameter *outputs: name each variable as a keyword.",
    ),
    "has a foreign config": (
        _class("score_type = ScoreType.TEXT\nConfig = dict\ndef evaluate(self, output): ..."),
        "its Config, <class 'dict'>, is not a subclass of evalyard.Config.",
    ),
    "has a config without a schema": (
        _class(
            "score_type = ScoreType.TEXT\ndef evaluate(self, output): ...\n"
            "class Config(evalyard.Config):\n    hook: Callable[[], int]"
        ),
        "its Config has no JSON Schema (Cannot generate a JsonSchema for core_schema.CallableSchema).",
    ),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_evaluator_is_explained(install, case):
    source, message = BROKEN[case]
    install("acme", plugins={"tone": "acme_bad:Tone"}, modules={"acme_bad": source})

    with pytest.raises(PluginLoadError) as caught:
        load_evaluator(_find("acme/tone"))

    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.key == "acme/tone"


def test_the_cause_is_chained(install):
    install("acme", plugins={"tone": "acme_bad:Tone"}, modules={"acme_bad": "raise RuntimeError('boom')"})
    with pytest.raises(PluginLoadError) as caught:
        load_evaluator(_find("acme/tone"))
    assert isinstance(caught.value.__cause__, RuntimeError)


def test_an_import_that_failed_is_tried_anew(install):
    site = install("acme", plugins={"tone": "acme_mended:Tone"})
    found = _find("acme/tone")
    with pytest.raises(PluginLoadError, match="No module named 'acme_mended'"):
        load_evaluator(found)

    site.joinpath("acme_mended.py").write_text(WORKING)

    assert load_evaluator(_find("acme/tone")).score_type is ScoreType.CATEGORICAL


def test_a_plugin_for_another_sdk_is_not_imported(install):
    install(
        "acme",
        plugins={"tone": "acme_future:Tone"},
        modules={"acme_future": "raise RuntimeError('imported')"},
        metadata="Requires-Dist: evalyard>=9\n",
    )
    found = _find("acme/tone")

    with pytest.raises(PluginLoadError) as caught:
        load_evaluator(found)

    assert str(caught.value) == found.problem
    assert "acme_future" not in sys.modules


def test_a_target_without_call_is_refused(install):
    install(
        "acme",
        plugins={"mute": "acme_mute:Tone"},
        modules={"acme_mute": _class("pass", base="Target")},
        group="evalyard.targets",
    )
    with pytest.raises(PluginLoadError, match="breaks the plugin contract: Tone does not define call"):
        load_target(_find("acme/mute", "evalyard.targets"))


@pytest.mark.parametrize(
    ("base", "body", "message"),
    [
        ("DispatchTarget", "pass", "Tone does not define dispatch"),
        ("Target", "mode = TargetMode.DISPATCH\nasync def call(self, request): pass", "derive it from evalyard.Disp"),
        ("Target", "mode = 'CALL ME'\nasync def call(self, request): pass", "the mode of Tone is 'CALL ME'"),
        ("DispatchTarget", "mode = TargetMode.CALL\nasync def dispatch(self, request): pass", "the mode of Tone is"),
    ],
)
def test_a_target_whose_mode_is_not_what_it_does_is_broken(install, base, body, message):
    install("acme", plugins={"tone": "acme_mode:Tone"}, modules={"acme_mode": _class(body, base)},
            group="evalyard.targets")  # fmt: skip
    found = _find("acme/tone", "evalyard.targets")
    with pytest.raises(PluginLoadError, match="breaks the plugin contract") as caught:
        describe_target(found, load_target(found))
    assert message in str(caught.value)
