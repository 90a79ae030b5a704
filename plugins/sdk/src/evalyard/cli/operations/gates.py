"""Judging a run, and what a report of it needs."""

from typing import Final

GATE: Final = """
query Gate($id: ID!, $policy: GatePolicyInput) {
  run(id: $id) {
    id number name status
    gate(policy: $policy) {
      passed
      checks { name passed expected actual explanation }
      baselineChoice
      baseline { id number name }
      markdown
      junitXml
    }
  }
}
"""

#: The ids behind the names that a policy uses: those of the run's evaluators.
EVALUATORS: Final = """
query RunEvaluators($id: ID!) { run(id: $id) { evaluators { name evaluator { id } } } }
"""

POLICY: Final = """
query DatasetPolicy($id: ID!) { dataset(id: $id) { gatePolicy { minPassRate } } }
"""
