from evalyard.plugins import describe_target, discover, load_target


def test_the_package_offers_targets():
    found = [plugin for plugin in discover("evalyard.targets") if plugin.distribution == "evalyard-targets"]
    described = [describe_target(plugin, load_target(plugin)) for plugin in found]
    assert [(plugin.key, plugin.summary) for plugin in described] == [
        ("evalyard-targets/http", "Call a system over HTTP."),
        ("evalyard-targets/openai", "Ask a model over any API that is compatible with OpenAI's chat completions."),
        ("evalyard-targets/python", "Call a Python function of the worker's own environment."),
    ]
    assert [sorted(plugin.config_schema["required"]) for plugin in described] == [["url"], ["model"], ["function"]]
