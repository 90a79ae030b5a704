import pytest
from pydantic import ValidationError

from evalyard_openai import EndpointConfig, Prices, Usage


@pytest.mark.parametrize(
    ("config", "field"),
    [
        ({}, "model"),
        ({"model": ""}, "model"),
        ({"model": "m", "base_url": "ftp://a/v1"}, "base_url"),
        ({"model": "m", "base_url": "/v1"}, "base_url"),
        ({"model": "m", "base_url": "http://user:pass@a/v1"}, "base_url"),
        ({"model": "m", "base_url": "http://a/v1?key=1"}, "base_url"),
        ({"model": "m", "api_key": "sk-very-secret"}, "api_key"),
        ({"model": "m", "api_key": "Bearer ${secret:A}"}, "api_key"),
        ({"model": "m", "timeout_seconds": 0}, "timeout_seconds"),
        ({"model": "m", "max_attempts": 11}, "max_attempts"),
        ({"model": "m", "max_concurrent": 0}, "max_concurrent"),
        ({"model": "m", "parameters": {"messages": []}}, "parameters"),
        ({"model": "m", "temperatur": 0}, "temperatur"),
    ],
)
def test_a_wrong_config_names_its_field(config, field):
    with pytest.raises(ValidationError) as caught:
        EndpointConfig.model_validate(config)
    assert [error["loc"] for error in caught.value.errors()] == [(field,)]


def test_a_key_in_clear_is_not_repeated():
    with pytest.raises(ValidationError) as caught:
        EndpointConfig.model_validate({"model": "m", "api_key": "sk-very-secret"})
    (error,) = caught.value.errors()
    assert error["msg"] == "Value error, write ${secret:NAME}, and give the worker the key in EVALYARD_SECRET_NAME"
    assert "sk-very-secret" not in str(EndpointConfig.model_json_schema())


def test_a_slash_at_the_end_of_the_url_does_not_count():
    assert EndpointConfig(model="m", base_url="http://a:1/v1/").base_url == "http://a:1/v1"


def test_every_option_is_described():
    schema = EndpointConfig.model_json_schema()
    options = {**schema["properties"], **schema["$defs"]["Prices"]["properties"]}
    assert [name for name, option in options.items() if "description" not in option] == []


@pytest.mark.parametrize(
    ("usage", "prices", "cost"),
    [
        # 1,000 read, 200 of them from the cache, and 500 written.
        (Usage(1000, 500, 200), Prices(input=2.5, cached_input=1.25, output=10), (800 * 2.5 + 200 * 1.25 + 5000) / 1e6),
        (Usage(1000, 500, 200), Prices(input=2.5, output=10), (1000 * 2.5 + 5000) / 1e6),
        (Usage(1000, 500, 200), Prices(input=2.5, cached_input=0, output=10), (800 * 2.5 + 5000) / 1e6),
        (Usage(10, None, 99), Prices(input=1, cached_input=0.5), 10 * 0.5 / 1e6),
        (Usage(1000, 500), None, None),
        (Usage(), Prices(input=1), None),
    ],
)
def test_tokens_cost_what_the_prices_say(usage, prices, cost):
    assert usage.cost_usd(prices) == cost


@pytest.mark.parametrize(
    ("body", "usage"),
    [
        ({}, Usage()),
        ({"usage": None}, Usage()),
        ({"usage": {"prompt_tokens": 7, "completion_tokens": 2}}, Usage(7, 2)),
        ({"usage": {"prompt_tokens": 7, "prompt_tokens_details": {"cached_tokens": 4}}}, Usage(7, None, 4)),
        ({"usage": {"prompt_tokens": -1, "completion_tokens": "2", "prompt_tokens_details": []}}, Usage()),
    ],
)
def test_usage_is_read_where_it_is_a_count(body, usage):
    assert Usage.of(body) == usage


def test_usage_adds_up():
    assert Usage(1, None, None) + Usage(2, 3, None) == Usage(3, 3, None)
