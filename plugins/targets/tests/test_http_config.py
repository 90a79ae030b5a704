import pytest
from pydantic import ValidationError

from evalyard_targets import HttpConfig

URL = "https://system.example/ask"


def test_a_url_is_enough():
    config = HttpConfig(url=URL)
    assert (config.method, config.headers, config.body, config.output) == ("POST", {}, {"$path": "input"}, None)


@pytest.mark.parametrize(
    ("change", "field", "message"),
    [
        ({"url": "system.example/ask"}, ("url",), "absolute URL"),
        ({"url": "ftp://system.example"}, ("url",), "absolute URL"),
        ({"url": "https://"}, ("url",), "absolute URL"),
        ({"url": "https://system.example:http/"}, ("url",), "This is no URL: Invalid port"),
        ({"url": "https://system.example/{input.id}"}, ("url",), "The URL is fixed"),
        ({"url": "https://system.example/?key=${secret:KEY}"}, ("url",), "The URL is fixed"),
        ({"url": "https://system.example/ ask"}, ("url",), "The URL is fixed"),
        ({"url": "https://me:password@system.example/"}, ("url",), "no password"),
        ({"method": "FETCH"}, ("method",), "'GET', 'POST', 'PUT' or 'PATCH'"),
        ({"headers": {"Bad Name": "x"}}, ("headers",), "'Bad Name' is no name for a header"),
        ({"headers": {"X-Name": "a\r\nX-Other: b"}}, ("headers",), "printable ASCII"),
        ({"headers": {"content-length": "5"}}, ("headers",), "leave it out"),
        ({"body": {"q": {"$path": "input["}}}, ("body",), "'input[' is no JMESPath"),
        ({"body": {"key": "${secret:KEY}"}}, ("body",), "in headers only"),
        ({"method": "GET", "body": {}}, ("body",), "A GET request has no body"),
        ({"query": {"q": {"$path": "lower(input)"}}}, ("query", "q"), "no function lower"),
        ({"query": {"key": ["${secret:KEY}"]}}, ("query",), "in headers only"),
        ({"output": "answer."}, ("output",), "is no JMESPath"),
        ({"cost_usd": "usage cost"}, ("cost_usd",), "is no JMESPath"),
        ({"prompt_tokens": ""}, ("prompt_tokens",), "is no JMESPath"),
        ({"completion_tokens": "]"}, ("completion_tokens",), "is no JMESPath"),
        ({"max_response_bytes": 0}, ("max_response_bytes",), "greater than or equal to 1"),
        ({"retries": 3}, ("retries",), "Extra inputs are not permitted"),
    ],
)
def test_a_wrong_config_names_its_field(change, field, message):
    with pytest.raises(ValidationError) as caught:
        HttpConfig.model_validate({"url": URL} | change)
    (error,) = caught.value.errors()
    assert error["loc"] == field
    assert message in error["msg"]


def test_the_schema_marks_paths_and_urls():
    properties = HttpConfig.model_json_schema()["properties"]
    assert properties["url"]["format"] == "uri"
    assert properties["output"]["anyOf"][0] == {"format": "jmespath", "type": "string"}
    assert all(option["description"] for option in properties.values())
