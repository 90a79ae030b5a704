import subprocess
import sys
import types

import pytest

import evalyard
import evalyard.http
import evalyard.network
import evalyard.plugins
import evalyard.prices
import evalyard.secrets
import evalyard.values

MODULES = (
    evalyard,
    evalyard.http,
    evalyard.network,
    evalyard.plugins,
    evalyard.prices,
    evalyard.secrets,
    evalyard.values,
)


def _public_names(module):
    return {
        name
        for name, value in vars(module).items()
        if not name.startswith("_") and not isinstance(value, types.ModuleType)
    }


def test_all_is_sorted_and_holds_every_public_name():
    assert evalyard.__all__ == sorted(evalyard.__all__)
    assert set(evalyard.__all__) == _public_names(evalyard) | {"AsyncClient", "Client"}
    assert evalyard.Client is evalyard.client.Client
    assert evalyard.plugins.__all__ == sorted(evalyard.plugins.__all__)
    assert set(evalyard.plugins.__all__) == _public_names(evalyard.plugins)


@pytest.mark.parametrize("value", [getattr(module, name) for module in MODULES for name in module.__all__])
def test_every_public_name_is_documented(value):
    assert value.__doc__


def test_importing_the_sdk_brings_in_pydantic_and_nothing_else():
    program = "import sys, evalyard; print(*{name.partition('.')[0] for name in sys.modules} - sys.stdlib_module_names)"
    printed = subprocess.run([sys.executable, "-I", "-c", program], capture_output=True, text=True, check=True).stdout
    foreign = {name for name in printed.split() if not name.startswith("_")}
    assert foreign == {
        "annotated_types",
        "evalyard",
        "pydantic",
        "pydantic_core",
        "typing_extensions",
        "typing_inspection",
    }
