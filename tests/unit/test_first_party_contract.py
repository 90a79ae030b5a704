"""What comes with Evalyard keeps the contract that it asks of others."""

import pytest

from evalyard.testing.pytest_plugin import ContractCheck

OURS = (
    *("evalyard-autoevals", "evalyard-judge", "evalyard-operations", "evalyard-reference", "evalyard-semantic"),
    *("evalyard-structured", "evalyard-targets", "evalyard-text", "evalyard-trajectory"),
)


@pytest.mark.evalyard_plugins(*OURS, skip=["speed"])
def test_keeps_the_contract(contract_check: ContractCheck) -> None:
    contract_check()
