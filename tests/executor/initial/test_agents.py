"""The AGENTS.md that is written into a user's repository names only what exists, and never overwrites anything."""

from pathlib import Path

import pytest
from click.testing import CliRunner
from documented import calls, wrong

from rea.cli.main import rea
from rea.domain.errors import UsageError
from rea.executor.initial import agents, write_agents
from rea.planner.sources.engineer.ideas import read

TEXT = (Path(agents.__file__).parent / agents.FILE).read_text()
DOCS = Path(__file__).parents[3] / "docs"


def test_every_command_and_option_in_it_exists() -> None:
    assert wrong(TEXT) == []
    assert len(list(calls(TEXT))) > 15


@pytest.mark.parametrize(
    "planted", ["`rea approve-all`", "`rea statsu`", "```\nrea plan --yes-really\n```", "`rea query labels`"]
)
def test_a_command_that_does_not_exist_is_found(planted: str) -> None:
    assert wrong(TEXT + planted) != []


@pytest.mark.parametrize("page", ["mcp.md", "outside.md", "export.md"])
def test_pages_name_what_exists(page: str) -> None:
    assert wrong((DOCS / page).read_text()) == []


def test_its_example_of_ideas_can_be_read(tmp_path: Path) -> None:
    block = TEXT.partition("```toml\n")[2].partition("```")[0]
    path = tmp_path / "ideas.toml"
    path.write_text(block)
    (idea,) = read(path)
    assert idea.predicted is not None


def test_it_is_written_once_and_what_was_there_stays(tmp_path: Path) -> None:
    (tmp_path / "AGENTS.md").write_text("# Ours\nUse tabs.")
    done = CliRunner().invoke(rea, ["init", str(tmp_path), "--agents"], standalone_mode=False)
    assert done.exception is None
    text = (tmp_path / "AGENTS.md").read_text()
    assert text.startswith("# Ours\nUse tabs.\n\n<!-- rea:begin -->")
    with pytest.raises(UsageError, match="already"):
        write_agents(tmp_path)
    assert (tmp_path / "AGENTS.md").read_text() == text
    with pytest.raises(UsageError, match="no folder"):
        write_agents(tmp_path / "nowhere")
