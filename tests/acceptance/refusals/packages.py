"""Distributions that a worker finds installed, as far as Python can tell: metadata and a module in a folder."""

from pathlib import Path
from textwrap import dedent

_MODULE = dedent("""
    import evalyard

    class Mood(evalyard.Evaluator):
        \"\"\"Name the mood of an answer.\"\"\"

        score_type = evalyard.ScoreType.CATEGORICAL

        def evaluate(self, *, output):
            return "calm"

    class Gist(evalyard.Evaluator):
        \"\"\"Say in a word what an answer is about.\"\"\"

        score_type = evalyard.ScoreType.TEXT

        def evaluate(self, *, output):
            return "sums"

    class Near(evalyard.Evaluator):
        \"\"\"Check that an answer is near a landmark, which has no place of its own in a record.\"\"\"

        score_type = evalyard.ScoreType.BOOLEAN

        def evaluate(self, *, output, landmark):
            return output == landmark

    class Echo(evalyard.Target):
        \"\"\"Answer the input.\"\"\"

        async def call(self, request):
            return evalyard.TargetResponse(output=request.input)
""")


def lay_down_packages(folder: Path) -> Path:
    """Lay down a package, one whose names others have too, and one for another SDK; return the folder."""
    folder.joinpath("acme_plugins.py").write_text(_MODULE)
    _distribution(
        folder, "acme-new", ["mood = acme_plugins:Mood", "gist = acme_plugins:Gist", "near = acme_plugins:Near"]
    )
    _distribution(folder, "acme-rival", ["regex = acme_plugins:Mood"], ["http = acme_plugins:Echo"])
    _distribution(
        folder, "acme-old", ["old = acme_plugins:Mood"], ["old = acme_plugins:Echo"], "Requires-Dist: evalyard<0.1\n"
    )
    return folder


def _distribution(
    folder: Path, name: str, evaluators: list[str], targets: list[str] | None = None, metadata: str = ""
) -> None:
    info = folder / f"{name.replace('-', '_')}-1.0.dist-info"
    info.mkdir()
    info.joinpath("METADATA").write_text(f"Metadata-Version: 2.4\nName: {name}\nVersion: 1.0\n{metadata}")
    lines = ["[evalyard.evaluators]", *evaluators, "[evalyard.targets]", *(targets or [])]
    info.joinpath("entry_points.txt").write_text("\n".join(lines))
