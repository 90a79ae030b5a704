"""The parts of the client that need no server."""

import os
import stat
import sys
from pathlib import Path
from typing import Any

import pytest

import evalyard
from evalyard.client import _origin, _progress, _settings
from evalyard.client._cases import Case
from evalyard.client._journal import Journal
from evalyard.client._local import LocalEvaluator
from evalyard.client._settings import Connection
from evalyard.client._tracebacks import last_lines

CI_VARIABLES = ("CI", "GITHUB_ACTIONS", "GITLAB_CI", "CIRCLECI", "BUILDKITE", "TF_BUILD", "JENKINS_URL")


@pytest.fixture(autouse=True)
def nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Be on a machine where nobody has logged in, and no CI system works."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for name in ("EVALYARD_URL", "EVALYARD_API_KEY", "EVALYARD_PROJECT", *CI_VARIABLES):
        monkeypatch.delenv(name, raising=False)


class TestSettings:
    def test_what_is_given_goes_before_the_environment_and_that_before_what_is_stored(
        self, monkeypatch: pytest.MonkeyPatch
    ):
        assert _settings.connection() == Connection("http://127.0.0.1:8000", None, None)
        _settings.store(Connection("https://evals.example", "stored", "shop"))
        assert _settings.connection() == Connection("https://evals.example", "stored", "shop")
        monkeypatch.setenv("EVALYARD_PROJECT", "search")
        monkeypatch.setenv("EVALYARD_API_KEY", "environment")
        assert _settings.connection() == Connection("https://evals.example", "environment", "search")
        assert _settings.connection(api_key="given").api_key == "given"

    def test_a_stored_key_goes_to_no_other_server(self):
        _settings.store(Connection("https://evals.example", "stored", "shop"))
        assert _settings.connection("https://elsewhere.example") == Connection("https://elsewhere.example", None, None)
        assert _settings.connection("https://evals.example/graphql").api_key == "stored"

    def test_only_the_owner_reads_what_is_stored(self):
        path = _settings.store(Connection("https://evals.example", "secret"))
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert [entry.name for entry in path.parent.iterdir()] == ["credentials.json"]
        assert (_settings.forget(), _settings.forget()) == (True, False)
        assert _settings.connection().api_key is None

    @pytest.mark.parametrize("content", ["", "[]", "{", '{"url": 5, "api_key": null}'])
    def test_what_can_not_be_read_counts_as_nothing(self, content: str):
        _settings.store(Connection()).write_text(content)
        assert _settings.connection() == Connection()


class TestOrigin:
    def test_github_actions_says_where_it_is(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
        monkeypatch.chdir(tmp_path)
        for name, value in {
            "GITHUB_ACTIONS": "true",
            "GITHUB_SHA": "abc",
            "GITHUB_REF_NAME": "12/merge",
            "GITHUB_HEAD_REF": "feature",
            "GITHUB_SERVER_URL": "https://github.com",
            "GITHUB_REPOSITORY": "acme/bot",
            "GITHUB_RUN_ID": "7",
        }.items():
            monkeypatch.setenv(name, value)
        assert _origin.is_ci()
        assert _origin.origin() == {
            "git": {"commit": "abc", "branch": "feature"},
            "ci": {"system": "GitHub Actions", "url": "https://github.com/acme/bot/actions/runs/7"},
        }

    def test_elsewhere_git_says(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
        monkeypatch.chdir(tmp_path)
        assert (_origin.is_ci(), _origin.origin()) == (False, {})
        who = [
            "-c",
            "user.name=a",
            "-c",
            "user.email=a@b.example",
            "-c",
            "init.defaultBranch=trunk",
            "-c",
            "commit.gpgsign=false",
        ]
        for arguments in (["init", "-q"], ["commit", "-q", "--allow-empty", "-m", "one"]):
            assert _origin._git(*who, *arguments) == ""
        commit = _origin._git("rev-parse", "HEAD")
        assert _origin.origin() == {"git": {"commit": commit, "branch": "trunk", "dirty": False}}


class TestProgress:
    STATE = {"total": 1200, "completed": 600, "passed": 500, "failed": 90, "errored": 10}  # noqa: RUF012 - not changed

    def test_a_log_gets_a_line_now_and_then(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
        moments = iter((0.0, 1.0, 14.0, 15.0, 15.5, 16.0, 29.0, 31.0, 31.5))
        monkeypatch.setattr(_progress.time, "monotonic", lambda: next(moments))
        with _progress.progress("night", wanted=None) as shown:
            for _ in range(6):
                shown.show(self.STATE)
        line = "evalyard: night: 600 of 1,200 records done, 500 passed, 90 failed, 10 errored\n"
        assert capsys.readouterr().err == line * 2

    def test_silence_is_silent(self, capsys: pytest.CaptureFixture[str]):
        with _progress.progress("night", wanted=False) as shown:
            shown.show(self.STATE)
        assert capsys.readouterr().err == ""

    def test_a_terminal_gets_a_bar_unless_a_ci_system_looks(self, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
        with _progress.progress("night", wanted=None) as shown:
            assert isinstance(shown, _progress.Bar)
            shown.show(self.STATE)
        monkeypatch.setenv("CI", "1")
        assert isinstance(_progress.progress("night", wanted=None), _progress.Lines)


class TestJournal:
    def test_a_line_that_was_cut_short_takes_no_other_with_it(self):
        journal = Journal("run/1")
        journal.add("a.1", {"output": 1})
        os.write(journal._file, b'["b.1", {"outp')
        journal.close(remove=False)
        again = Journal("run/1")
        again.add("c.1", {"output": "x\u2028y"})
        assert again.read() == {"a.1": {"output": 1}, "c.1": {"output": "x\u2028y"}}
        again.close(remove=True)
        assert Journal("run/1").read() == {}

    def test_what_is_no_json_is_refused_and_leaves_nothing(self):
        journal = Journal("run")
        with pytest.raises(ValueError, match="JSON"):
            journal.add("a.1", {"output": float("inf")})
        assert journal.read() == {}


def _shout() -> None:
    raise ValueError("x" * 5_000)


class TestTracebacks:
    def test_the_end_of_a_long_one_is_kept(self):
        with pytest.raises(ValueError, match="x") as raised:
            _shout()
        text = last_lines(raised.value)
        assert (len(text), text[0], text[-1]) == (2_000, "…", "x")


class TestLocalEvaluators:
    CASE = Case(input="q", expected_output="a", metadata={"m": 1})

    async def test_a_function_gets_what_its_parameters_name(self):
        def judged(output: str, expected: str, input: str, metadata: dict[str, Any]) -> bool:
            return (output, expected, input, metadata) == ("a", "a", "q", {"m": 1})

        evaluator = LocalEvaluator.of(judged)
        assert (evaluator.name, evaluator.plugin) == ("judged", "evalyard/client_boolean")
        assert (await evaluator.score(self.CASE, "a"))["value"] is True

    def test_another_source_has_another_hash(self):
        def one(output: str) -> bool:
            return bool(output)

        def other(output: str) -> bool:
            return not output

        hashes = [LocalEvaluator.of(function).source_hash for function in (one, one, other)]
        assert hashes[0] == hashes[1] != hashes[2]

    async def test_what_is_missing_is_skipped_where_it_is_required(self):
        def required(expected: str) -> float:
            return float(len(expected))

        def optional(output: str, expected: str = "none") -> str:
            return expected

        bare = Case(input="q")
        assert (await LocalEvaluator.of(required).score(bare, "a"))["skipped"] == "The record has no expected."
        assert (await LocalEvaluator.of(optional).score(bare, "a"))["value"] == "none"

    async def test_a_wrong_result_is_an_error_that_says_so(self):
        @evalyard.evaluator(score_type=evalyard.ScoreType.BOOLEAN)
        def wrong(output: str) -> int:
            return 5

        assert "must not return int" in (await LocalEvaluator.of(wrong).score(self.CASE, "a"))["error"]

    def test_a_parameter_that_nothing_fills_is_refused(self):
        def asking(output: str, temperature: float) -> bool:
            return bool(output and temperature)

        with pytest.raises(evalyard.client.ClientError, match="has the parameter 'temperature'"):
            LocalEvaluator.of(asking)
