"""A server that can't read its table of prices does not start, and says why."""

from pathlib import Path

import pytest

from evalyard_core.settings import Settings
from evalyard_server.app import create_app
from evalyard_server.start_error import StartError


async def test_a_table_that_is_none_stops_a_server(mongodb_url: str, broker_url: str, tmp_path: Path) -> None:
    (file := tmp_path / "prices.json").write_text('{"large-1": {"input_per_million": 2.5}}')
    settings = Settings(mongodb_url=mongodb_url, database="unused", broker_url=broker_url, model_prices=file)
    app = create_app(settings)

    with pytest.raises(StartError) as refusal:
        async with app.router.lifespan_context(app):
            raise AssertionError("the server has started")

    assert str(refusal.value) == (
        "The prices of models can't be read (Field required): correct the file that EVALYARD_MODEL_PRICES names."
    )
