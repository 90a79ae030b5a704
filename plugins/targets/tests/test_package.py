from evalyard.plugins import describe_target, discover, load_target


def test_the_package_offers_targets():
    found = [plugin for plugin in discover("evalyard.targets") if plugin.distribution == "evalyard-targets"]
    described = [describe_target(plugin, load_target(plugin)) for plugin in found]
    assert [(plugin.key, plugin.summary) for plugin in described] == [
        ("evalyard-targets/http", "Call a system over HTTP."),
        ("evalyard-targets/openai", "Ask a model over any API that is compatible with OpenAI's chat completions."),
        ("evalyard-targets/python", "Call a Python function of the worker's own environment."),
        (
            "evalyard-targets/replay",
            "Take the outputs of another run, to score them by other evaluators or as a baseline.",
        ),
        (
            "evalyard-targets/workflow",
            "Start a workflow of GitHub Actions, which carries the run out and submits its records.",
        ),
    ]
    assert [plugin.mode for plugin in described] == ["CALL", "CALL", "CALL", "REPLAY", "DISPATCH"]
    assert [sorted(plugin.config_schema["required"]) for plugin in described] == [
        ["url"], ["model"], ["function"], ["run_id"], ["repository", "token", "workflow"],
    ]  # fmt: skip
