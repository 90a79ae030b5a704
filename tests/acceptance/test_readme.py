"""The session of the README, carried out as it stands there."""

import json
import re
from pathlib import Path
from typing import Any

from benchmarks.both_ways import Api, api
from benchmarks.stack import Servers

README = (Path(__file__).parents[2] / "README.md").read_text()
SESSION = README.split("## A session")[1].split("\n## ")[0]
#: Operations, each with the answer that follows it where one is shown.
STEPS = re.findall(r"```graphql\n(.*?)```(?:\s+```json\n(.*?)```)?", SESSION, re.DOTALL)
ENDED = "query ($run: ID!) { run(id: $run) { status } }"


async def test_the_session_answers_what_it_says(mongodb_url: str, broker_url: str, database_name: str) -> None:
    async with api(Servers(mongodb_url, broker_url), database_name) as (asked, _):
        variables: dict[str, str] = {}
        while not (await asked.ask("{ targetPlugins { key } }"))["targetPlugins"]:
            continue

        for operation, shown in STEPS:
            wanted = {key: variables[key] for key in re.findall(r"\$([a-z]+): ID!", operation)}
            if operation.startswith("subscription"):
                await until_ended(asked, *wanted.values())
                continue
            name = re.findall(r"^\w+ (\w+)", operation)[0].lower()
            answer = await asked.ask(operation, **wanted)
            ((_, result),) = answer.items()
            if isinstance(result, dict) and "id" in result:
                variables[name] = result["id"]
            if shown:
                assert rounded({"data": answer}) == json.loads(shown)

    assert sum(bool(shown) for _, shown in STEPS) == 2


def rounded(value: Any) -> Any:
    """Return an answer with its figures as the README shows them."""
    return json.loads(json.dumps(value), parse_float=lambda text: round(float(text), 4))


async def until_ended(asked: Api, run: str) -> None:
    answer: Any = None
    while answer != "COMPLETED":
        answer = (await asked.ask(ENDED, run=run))["run"]["status"]
