"""`python -m evalyard.cli`."""

from evalyard.cli import main

main()
