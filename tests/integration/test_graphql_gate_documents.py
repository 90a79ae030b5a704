"""What came of a gate, as Markdown and as JUnit XML, over a real database."""

from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from defusedxml.ElementTree import fromstring

from evalyard_core.domain.runs import Run
from evalyard_core.services import Services
from evalyard_core.services import gates as gates_service
from evalyard_core.storage import Store
from tests.fixtures.asking import Asker, gid, module_store
from tests.fixtures.results import Results
from tests.support.room import Mailbox

#: One database for all of these tests, which differ in their projects.
store = module_store

SHOWN = "query($id: ID!, $policy: GatePolicyInput) { run(id: $id) { gate(policy: $policy) { markdown junitXml } } }"


async def shown(asker: Asker, run: Run, **policy: Any) -> Any:
    return (await asker(SHOWN, id=gid("Run", run), policy=policy))["run"]["gate"]


async def test_the_worst_cases_are_shown_with_links(store: Store):
    results = await Results.of(store, 5)
    await results.run("PPFPP")
    run = await results.run("PFFEP", name="a | b")
    services = Services(store, Mailbox(), public_url="https://evals.example")
    asker = Asker(services, None)  # type: ignore[arg-type]  # nothing here is live

    text = (await shown(asker, run, minPassRate=0.5, maxRegressions=0))["markdown"]

    assert text.startswith("## ❌ Gate failed: a &#124; b (run 2)\n\n0 of 2 checks passed. Baseline: nightly (run 1, ")
    rows = [line.split(" | ") for line in text.partition("### Worst cases")[2].splitlines()[4:]]
    found = [(row[0], unescape(row[1].partition("](")[0]), row[2], unescape(row[3])) for row in rows]
    assert found == [
        ("| regressed", '[{"question":1}', "F1", "exact: did not pass |"),
        ("| failed", '[{"question":2}', "F2", "exact: did not pass |"),
        ("| could not judge", '[{"question":3}', "", "TIMEOUT: It took too long. |"),
    ]
    record = f"{run.id}.{results.items[1].id}.1"
    address = rows[0][1].partition("](")[2].removesuffix(")")
    assert address.startswith("https://evals.example/graphql?query=")
    [query] = parse_qs(urlsplit(address).query)["query"]
    seen = await asker(query)
    assert gid("Record", record) in query
    assert (seen["record"]["input"], seen["record"]["scores"][0]["passed"]) == ({"question": 1}, False)


async def test_the_document_for_ci_has_every_record(operator: Asker, store: Store):
    results = await Results.of(store, 4)
    run = await results.run("PFE ", system=None)
    document = fromstring((await shown(operator, run, minPassRate=1))["junitXml"])
    gates, records = document
    assert [case.get("name") for case in gates] == ["minPassRate"]
    assert [[child.tag for child in case] for case in records] == [[], ["failure"], ["error"], ["error"]]
    assert records[3].get("name") == "missing records"


async def test_of_a_long_run_ci_gets_what_did_not_pass(operator: Asker, store: Store, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(gates_service, "MOST_TEST_CASES", 3)
    results = await Results.of(store, 6)
    run = await results.run("PPFFEF")
    [_, records] = fromstring((await shown(operator, run, minPassRate=1))["junitXml"])
    assert [child.tag for child in records] == ["properties", "testcase", "testcase", "testcase"]
    assert records[0][0].get("value") == "3 records, which an export of the run has"
