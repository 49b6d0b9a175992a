"""`python -m flows NAME [--param key=value …]`: one flow, and what it returned as JSON."""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys

import flows
from pipeline.errors import WinnowError


def main() -> int:
    """0, or 1 if the flow failed or was asked for in a wrong way."""
    parser = argparse.ArgumentParser(prog="python -m flows", description="Runs one flow and prints what it returned.")
    parser.add_argument("name", metavar="NAME", help=f"one of: {', '.join(flows.FLOWS)}")
    parser.add_argument("--param", "-p", metavar="KEY=VALUE", action="append", default=[], help="a parameter; may be repeated")
    given = parser.parse_args()
    try:
        result = flows.run(given.name, given.param)
    except WinnowError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 1
    plain = dataclasses.asdict(result) if dataclasses.is_dataclass(result) and not isinstance(result, type) else result
    print(json.dumps(plain, default=str, ensure_ascii=False))  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
