"""Prompts are filled in strictly, and known by the digest of their wording."""

from pathlib import Path

import pytest

from rea.agent.prompt import prompt
from rea.domain.errors import UsageError

SOURCE = Path(__file__).parents[2] / "src/rea"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "p.md"
    path.write_text("Propose {{most}} for {{ name }}.")
    return path


def test_variables_are_filled_in_once(file: Path) -> None:
    told = prompt(file, most=3, name="{{most}}")
    assert told.text == "Propose 3 for {{most}}.", "what a value says is never filled in"
    assert told.digest == prompt(file, most=4, name="x").digest
    file.write_text("Propose {{most}} for {{name}}!")
    assert told.digest != prompt(file, most=3, name="x").digest


def test_an_undefined_variable_is_an_error_and_so_is_a_spare_value(file: Path) -> None:
    with pytest.raises(UsageError, match="no value for name"):
        prompt(file, most=3)
    with pytest.raises(UsageError, match="does not ask for nmae"):
        prompt(file, most=3, name="x", nmae="y")
    with pytest.raises(UsageError, match="cannot be read"):
        prompt(file.with_name("missing.md"))


def test_every_packaged_prompt_stands_beside_code_that_reads_it() -> None:
    prompts = [p for p in SOURCE.rglob("*.md") if "workloads" not in p.parts and "skills" not in p.parts]
    assert len(prompts) >= 2
    for path in prompts:
        assert any(path.name in code.read_text() for code in path.parent.glob("*.py")), path
