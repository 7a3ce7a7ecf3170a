"""`python -m casebus`."""

from casebus.cli.main import main

main()
