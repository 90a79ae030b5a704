"""What a process does not load before it needs it."""

import subprocess
import sys


def test_an_api_process_loads_no_parquet_until_somebody_exports_it():
    program = "import sys, evalyard_server.app; print({'pyarrow', 'pandas'} & sys.modules.keys())"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
