"""`python -m pipeline.cli`: the same as `winnow`."""

from pipeline.cli import main

main()
