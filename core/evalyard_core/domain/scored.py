"""What an evaluator has made of a run beside the scores of its own."""

from dataclasses import replace

from .evaluators import EvaluatorSnapshot
from .runs import Run, Tally


def scores_beside(run: Run, evaluator: EvaluatorSnapshot) -> dict[str, str]:
    """Return the keys of the scores that an evaluator's plugin gave beside the evaluator's own, by their names."""
    prefix = f"{evaluator.evaluator_id}~"
    keys = [key for key in run.tallies if key.startswith(prefix)]
    return {_name(key.removeprefix(prefix)).removeprefix(f"{evaluator.name}: "): key for key in keys}


def spent_by(run: Run, evaluator: EvaluatorSnapshot) -> Tally:
    """Return an evaluator's counts with the cost and the tokens of all that it and its plugin scored."""
    key = evaluator.evaluator_id
    tally = run.tallies.get(key, Tally())
    beside = [run.tallies[other] for other in scores_beside(run, evaluator).values()]
    said = run.run_scores.get(key)
    scores = said.scores if said else ()
    if not beside and not scores:
        return tally
    return replace(
        tally,
        cost_usd=sum((entry.cost_usd for entry in beside), tally.cost_usd)
        + sum(score.cost_usd or 0.0 for score in scores),
        tokens=sum((entry.tokens for entry in beside), tally.tokens) + sum(score.tokens for score in scores),
    )


def _name(escaped: str) -> str:
    """Undo what `score_key` does to a name."""
    return escaped.replace("%24", "$").replace("%2E", ".").replace("%25", "%")
