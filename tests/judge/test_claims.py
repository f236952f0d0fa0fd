"""Claims are bounded numbers or nothing."""

from pathlib import Path

import pytest

from rea.judge.claims import read_claims


def test_numbers_are_kept_by_name(tmp_path: Path) -> None:
    (tmp_path / "c").write_text(
        '{"latency_us": 3, "model_mb": 1.5, "ok": true, "text": "9", "deep": {"x": 1}, "bad": NaN}'
    )
    assert read_claims(tmp_path / "c") == (("latency_us", 3.0), ("model_mb", 1.5))


@pytest.mark.parametrize(
    "text", ["", "[1]", "{", "7", '{"a": 1e999}', '{"a": ' + "9" * 400 + "}", "[" * 100_000, "x" * 70_000]
)
def test_anything_else_is_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / "c").write_text(text)
    assert read_claims(tmp_path / "c") == ()


def test_there_is_an_end_to_claims(tmp_path: Path) -> None:
    (tmp_path / "c").write_text("{" + ",".join(f'"n{i}": {i}' for i in range(200)) + ', "' + "l" * 65 + '": 1}')
    assert len(read_claims(tmp_path / "c")) == 64
    assert read_claims(tmp_path / "absent") == ()
