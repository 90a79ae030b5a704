"""What the package costs to import."""

import subprocess
import sys


def test_only_the_light_part_of_scipy_is_imported():
    """`scipy.stats` takes about a second, which each process of the server would pay at its start."""
    program = "import sys, evalyard_core.domain.statistics; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    imported = set(done.stdout.split())
    assert "scipy.special" in imported
    assert not imported & {"scipy.stats", "scipy.optimize", "scipy.linalg", "pandas", "statsmodels"}
