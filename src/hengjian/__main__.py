"""`python -m hengjian` is `hengjian`."""

from hengjian.cli.main import main

main()
