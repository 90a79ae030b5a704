"""The session of the README, carried out as it stands there."""

import json
import re
from pathlib import Path
from typing import Any

from benchmarks.both_ways import Api, api
from benchmarks.stack import Servers

README = (Path(__file__).parents[2] / "README.md").read_text()
SESSION = README.split("## A session")[1].split("\n## ")[0]
OPERATIONS = re.findall(r"```graphql\n(.*?)```", SESSION, re.DOTALL)
ANSWER = json.loads(re.findall(r"```json\n(.*?)```", SESSION, re.DOTALL)[0])
ENDED = "query ($run: ID!) { run(id: $run) { status } }"


async def test_the_session_answers_what_it_says(mongodb_url: str, broker_url: str, database_name: str) -> None:
    async with api(Servers(mongodb_url, broker_url), database_name) as (asked, _):
        variables: dict[str, str] = {}
        while not (await asked.ask("{ targetPlugins { key } }"))["targetPlugins"]:
            continue

        for operation in OPERATIONS:
            if operation.startswith("subscription"):
                await until_ended(asked, variables["run"])
                continue
            name = re.findall(r"^\w+ (\w+)", operation)[0].lower()
            wanted = set(re.findall(r"\$([a-z]+)", operation))
            answer = await asked.ask(operation, **{key: variables[key] for key in wanted})
            ((_, result),) = answer.items()
            if isinstance(result, dict) and "id" in result:
                variables[name] = result["id"]

        assert rounded({"data": answer}) == ANSWER


def rounded(value: Any) -> Any:
    """Return an answer with its figures as the README shows them."""
    return json.loads(json.dumps(value), parse_float=lambda text: round(float(text), 4))


async def until_ended(asked: Api, run: str) -> None:
    answer: Any = None
    while answer != "COMPLETED":
        answer = (await asked.ask(ENDED, run=run))["run"]["status"]
