"""What comes with Evalyard keeps the contract that it asks of others."""

import pytest

from evalyard.testing.pytest_plugin import ContractCheck


@pytest.mark.evalyard_plugins("evalyard-text", "evalyard-targets", skip=["speed"])
def test_keeps_the_contract(contract_check: ContractCheck) -> None:
    contract_check()
