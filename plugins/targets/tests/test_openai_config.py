"""What the `openai` target refuses before any call is made."""

import pytest
from pydantic import ValidationError

from evalyard import TargetError
from evalyard_targets import OpenAIConfig, OpenAITarget


def test_an_address_is_refused_when_it_is_saved(monkeypatch):
    monkeypatch.delenv("EVALYARD_TARGET_ALLOWED_NETWORKS")
    with pytest.raises(TargetError, match="this worker connects to no other"):
        OpenAITarget(OpenAIConfig(model="m", base_url="http://192.168.0.1/v1"))


@pytest.mark.parametrize(
    ("config", "place", "message"),
    [
        ({"model": ""}, ("model",), "at least 1 character"),
        ({"api_key": "sk-in-the-clear"}, ("api_key",), "Name the secret as ${secret:NAME}"),
        ({"api_key": "Bearer ${secret:KEY}"}, ("api_key",), "Name the secret as ${secret:NAME}"),
        ({"base_url": "ftp://x"}, ("base_url",), "begins with http"),
        ({"base_url": "https://me:pw@x/"}, ("base_url",), "Put no password into the URL"),
        (
            {"messages": [{"role": "user", "content": "${secret:KEY}"}]},
            ("messages",),
            "in headers, api_key and",
        ),
        ({"messages": {"$text": "{{input.}}"}}, ("messages",), "is no JMESPath"),
        ({"tools": [{"secret": "${secret:KEY}"}]}, ("tools",), "in headers, api_key and"),
        ({"extra": {"stream": True}}, ("extra",), "stream has no place in extra"),
        ({"extra": {"temperature": 1}}, ("extra",), "temperature has no place in extra"),
        ({"extra": {"user": "${secret:KEY}"}}, ("extra",), "in headers, api_key and"),
        ({"temperature": -1}, ("temperature",), "greater than or equal to 0"),
        ({"output": "logprobs"}, ("output",), "Input should be 'text', 'json'"),
        ({"prices": {"input_per_million": 1}}, ("prices", "output_per_million"), "Field required"),
        ({"prompt": "x"}, ("prompt",), "Extra inputs are not permitted"),
    ],
)
def test_a_wrong_config_is_refused(config, place, message):
    with pytest.raises(ValidationError) as caught:
        OpenAIConfig.model_validate({"model": "m"} | config)
    (error,) = caught.value.errors()
    assert error["loc"] == place
    assert message in error["msg"]
