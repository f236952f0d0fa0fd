"""Logs and sealed campaigns for the judge's tests."""

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from judge.logs import DATA, Campaign, make_log

from rea.judge.seal import seal


@pytest.fixture
def log(tmp_path: Path) -> Callable[..., Path]:
    """Write a log, changed as a test wants it, and return where it is."""

    def write(table: pa.Table | None = None) -> Path:
        path = tmp_path / "log.parquet"
        pq.write_table(make_log() if table is None else table, path)
        return path

    return write


@pytest.fixture
def campaign(tmp_path: Path, log: Callable[..., Path]) -> Campaign:
    directory = tmp_path / "campaign"
    return Campaign(directory, make_log(), seal(DATA, log(), directory, 11))
