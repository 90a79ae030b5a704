import sys
from importlib.metadata import Distribution

import pytest

from evalyard.plugins import discover

GROUP = "evalyard.evaluators"


def _find(prefix, group=GROUP):
    """Discover among whatever else the environment has."""
    return [plugin for plugin in discover(group) if plugin.key.startswith(prefix)]


def test_what_is_installed_is_found_and_not_imported(install):
    install(
        "Acme_Metrics",
        "2.1",
        plugins={"tone": "acme_tone:Tone", "accuracy": "acme_tone:Accuracy"},
        modules={"acme_tone": "raise RuntimeError('imported')"},
        metadata="Requires-Dist: evalyard>=0.1,<1\nProject-URL: Home-Page, https://acme.example/metrics\n",
    )

    accuracy, tone = _find("acme")

    assert (accuracy.key, tone.key) == ("acme-metrics/accuracy", "acme-metrics/tone")
    assert (tone.name, tone.distribution, tone.version) == ("tone", "acme-metrics", "2.1")
    assert tone.homepage == "https://acme.example/metrics"
    assert tone.entry_point.value == "acme_tone:Tone"
    assert tone.problem is None
    assert "acme_tone" not in sys.modules


def test_a_laid_down_distribution_is_what_python_takes_for_installed(install):
    site = install("acme", plugins={"tone": "acme:Tone"})
    assert Distribution.at(site / "acme-1.0.dist-info").entry_points["tone"].group == GROUP


def test_the_group_decides(install):
    install("acme", plugins={"echo": "acme:Echo"}, group="evalyard.targets")
    assert _find("acme") == []
    assert [plugin.key for plugin in _find("acme", "evalyard.targets")] == ["acme/echo"]


def test_what_is_installed_later_is_found_by_the_next_call(install):
    install("acme-one", plugins={"tone": "acme:Tone"})
    assert [plugin.key for plugin in _find("acme")] == ["acme-one/tone"]
    install("acme-two", plugins={"tone": "acme:Tone"})
    assert [plugin.key for plugin in _find("acme")] == ["acme-one/tone", "acme-two/tone"]


def test_one_bare_name_in_two_distributions_stays_addressable_by_key(install):
    install("acme", plugins={"tone": "acme:Tone"})
    install("acme-rival", plugins={"tone": "rival:Tone"})

    found = _find("acme")

    assert [(plugin.key, plugin.entry_point.value, plugin.problem) for plugin in found] == [
        ("acme-rival/tone", "rival:Tone", None),
        ("acme/tone", "acme:Tone", None),
    ]


@pytest.mark.parametrize("folder", ["a", "b"])
def test_two_versions_of_one_distribution_are_a_problem_and_nothing_is_picked(install, folder):
    install("acme-tone", "1.0", plugins={"tone": "acme:Tone"})
    install("Acme.Tone", "2.0", plugins={"tone": "acme:Tone", "mood": "acme:Mood"}, folder=folder)

    mood, tone = _find("acme")

    assert mood.problem is None
    assert tone.problem.startswith("acme-tone is installed twice, in the versions ")
    assert {"1.0", "2.0"} <= set(tone.problem.replace(":", "").split())
    assert "`pip uninstall acme-tone`" in tone.problem


def test_two_entry_points_with_one_key_are_a_problem(install):
    site = install("acme", plugins={"tone": "acme:Tone"})
    with site.joinpath("acme-1.0.dist-info", "entry_points.txt").open("a") as file:
        file.write("\ntone = acme:Other\n")

    (tone,) = _find("acme")

    assert tone.problem == (
        "acme:Tone and acme:Other both claim to be acme/tone 1.0: "
        "run `pip uninstall acme` until none is left, then install one version again."
    )


def test_the_same_distribution_seen_twice_is_one(install):
    for folder in ("a", "b"):
        install("acme", plugins={"tone": "acme:Tone"}, folder=folder)

    (tone,) = _find("acme")

    assert tone.problem is None


@pytest.mark.parametrize(
    ("requirement", "problem"),
    [
        ("evalyard>=0.1,<0.2", None),
        ("Evalyard ~= 0.1", None),
        ("evalyard", None),
        ("evalyard-text>=9", None),
        ("evalyard[client]>=9; extra == 'client'", None),
        ("evalyard>=9; python_version < '3'", None),
        (
            "evalyard>=9",
            (
                "acme 1.0 supports evalyard >=9 and this environment has evalyard 0.1.0: "
                "install a version of acme that supports 0.1.0, or another version of evalyard."
            ),
        ),
        (
            "evalyard is great",
            "acme 1.0 asks for 'evalyard is great', which is not a valid requirement: upgrade or reinstall acme.",
        ),
    ],
)
def test_the_range_of_the_sdk_is_checked(install, requirement, problem):
    install("acme", plugins={"tone": "acme:Tone"}, metadata=f"Requires-Dist: pydantic\nRequires-Dist: {requirement}\n")
    (tone,) = _find("acme")
    assert tone.problem == problem


@pytest.mark.parametrize(
    ("metadata", "homepage"),
    [
        ("Home-page: http://acme.example\n", "http://acme.example"),
        ("Home-page: http://old.example\nProject-URL: homepage, https://new.example\n", "https://new.example"),
        ("Project-URL: Source, https://acme.example\n", None),
        ("Project-URL: Homepage, javascript:alert(1)\n", None),
        ("Home-page: UNKNOWN\n", None),
    ],
)
def test_the_homepage_is_a_web_address(install, metadata, homepage):
    install("acme", plugins={"tone": "acme:Tone"}, metadata=metadata)
    (tone,) = _find("acme")
    assert tone.homepage == homepage


def test_damaged_distributions_do_not_hinder_the_others(install):
    damaged = install("acme-damaged", plugins={"tone": "acme:Tone"})
    damaged.joinpath("acme_damaged-1.0.dist-info", "entry_points.txt").write_text(f"[{GROUP}]\ntone\n")
    nameless = install("acme-nameless", plugins={"tone": "acme:Tone"})
    nameless.joinpath("acme_nameless-1.0.dist-info", "METADATA").unlink()
    install("acme-whole", plugins={"tone": "acme:Tone"})

    damaged, whole = _find("acme")
    (nameless,) = _find("unknown")

    assert damaged.problem == "The file entry_points.txt of acme-damaged 1.0 is damaged: reinstall acme-damaged."
    assert (whole.key, whole.problem) == ("acme-whole/tone", None)
    assert nameless.key == "unknown/tone"
