"""Turn a public click log into a view: ``python -m ranker.readers NAME SOURCE --out FILE.parquet``.

Exit codes: 0 done, 2 a wrong argument or a source that is not what it should be (nothing is written).
"""

import argparse
import sys
from importlib import import_module
from pathlib import Path

from ranker.config import ConfigError
from ranker.readers import reader_names
from ranker.readers._view import Shares, write


def main(argv: list[str] | None = None) -> int:
    """Convert one source; prints the rows of each split and its days."""
    about = "\n\n".join(f"{name}: {import_module(f'ranker.readers.{name}').__doc__}" for name in reader_names())
    parser = argparse.ArgumentParser(
        prog="python -m ranker.readers", epilog=about, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("name", choices=reader_names())
    parser.add_argument("source", type=Path, help="the file, or the folder it was unpacked to")
    parser.add_argument("--out", type=Path, required=True, help="the Parquet file to write")
    parser.add_argument("--valid", type=float, default=0.1, help="share of the rows, the last before the test rows")
    parser.add_argument("--test", type=float, default=0.1, help="share of the rows, the last of all")
    given = parser.parse_args(argv)
    try:
        shares = Shares(given.valid, given.test)
        print(write(import_module(f"ranker.readers.{given.name}").read(given.source), given.out, shares))
    except ConfigError as error:
        print(f"error: {error}", file=sys.stderr, flush=True)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
