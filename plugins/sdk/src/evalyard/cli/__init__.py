"""The command line `evalyard`."""

import sys


def main() -> None:
    """Run the command line; without the packages that it needs, say how to get them and exit with 1."""
    try:
        from evalyard.cli._commands import run  # noqa: PLC0415 - typer may be missing
    except ModuleNotFoundError as error:
        if error.name != "typer":
            raise
        sys.exit('evalyard: the command line needs some more packages: pip install "evalyard[client]"')
    run(sys.argv[1:])
