"""The contract suite: what every evaluator and target has to keep, tried on the installed one.

`evalyard plugins test` runs it in a shell; in pytest the fixture `contract_check` does. It needs the packages of
`evalyard[testing]`.
"""

from evalyard.testing._result import CheckResult, Outcome
from evalyard.testing._suite import CHECKS, ContractSuite, select

__all__ = ["CHECKS", "CheckResult", "ContractSuite", "Outcome", "select"]
