"""Public click logs as views: one file a data set, each with a function ``read(source)``; ``python -m ranker.readers``."""

from pathlib import Path


def reader_names() -> list[str]:
    """The readers there are: one file each in this folder."""
    return sorted(path.stem for path in Path(__file__).parent.glob("[a-z]*.py"))
