"""Where a run comes from: the commit and branch of the code, and the CI system that runs it."""

import os
import subprocess
from collections.abc import Mapping
from typing import Any, Final

#: For each CI system: the variable that gives it away, then those of commit, branch and the page of the job.
_SYSTEMS: Final = {
    "GitHub Actions": ("GITHUB_ACTIONS", "GITHUB_SHA", "GITHUB_HEAD_REF|GITHUB_REF_NAME", ""),
    "GitLab CI": ("GITLAB_CI", "CI_COMMIT_SHA", "CI_COMMIT_REF_NAME", "CI_JOB_URL"),
    "CircleCI": ("CIRCLECI", "CIRCLE_SHA1", "CIRCLE_BRANCH", "CIRCLE_BUILD_URL"),
    "Buildkite": ("BUILDKITE", "BUILDKITE_COMMIT", "BUILDKITE_BRANCH", "BUILDKITE_BUILD_URL"),
    "Azure Pipelines": ("TF_BUILD", "BUILD_SOURCEVERSION", "BUILD_SOURCEBRANCHNAME", ""),
    "Jenkins": ("JENKINS_URL", "GIT_COMMIT", "GIT_BRANCH", "BUILD_URL"),
}
_GIT_SECONDS: Final = 5.0


def is_ci() -> bool:
    """Tell whether a CI system runs this process."""
    return bool(os.environ.get("CI")) or any(os.environ.get(first) for first, *_ in _SYSTEMS.values())


def origin() -> dict[str, Any]:
    """Return the metadata of runs that are started here: `git` with commit, branch and dirty, and `ci`, as known."""
    ci = _ci(os.environ)
    git = {
        "commit": ci.pop("commit", None) or _git("rev-parse", "HEAD"),
        "branch": ci.pop("branch", None) or _git("rev-parse", "--abbrev-ref", "HEAD"),
    }
    changed = _git("status", "--porcelain", "--untracked-files=no")
    known = {name: value for name, value in git.items() if value and value != "HEAD"}
    if known and changed is not None:
        known["dirty"] = bool(changed)
    return {name: part for name, part in (("git", known), ("ci", ci)) if part}


def _ci(environment: Mapping[str, str]) -> dict[str, Any]:
    for name, (sign, commit, branch, page) in _SYSTEMS.items():
        if environment.get(sign):
            said = {"commit": commit, "branch": branch, "url": page}
            found = {key: _first(environment, variables) for key, variables in said.items()}
            if name == "GitHub Actions":
                found["url"] = _github_page(environment)
            return {"system": name, **{key: value for key, value in found.items() if value}}
    return {"system": "CI"} if environment.get("CI") else {}


def _first(environment: Mapping[str, str], variables: str) -> str | None:
    return next((environment[name] for name in variables.split("|") if environment.get(name)), None)


def _github_page(environment: Mapping[str, str]) -> str | None:
    parts = [environment.get(name) for name in ("GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_RUN_ID")]
    server, repository, run = parts
    return f"{server}/{repository}/actions/runs/{run}" if all(parts) else None


def _git(*arguments: str) -> str | None:
    """Return what git says of the working directory, None where there is no git or no repository."""
    try:
        said = subprocess.run(  # noqa: S603 - fixed arguments
            ["git", *arguments],  # noqa: S607 - the user's own git
            capture_output=True,
            text=True,
            timeout=_GIT_SECONDS,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return said.stdout.strip()
