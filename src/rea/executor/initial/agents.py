"""An AGENTS.md for a user's repository: how any coding agent reads campaigns, proposes, and asks, and what it leaves to an engineer."""

from pathlib import Path

from rea.domain.errors import UsageError

FILE = "AGENTS.md"
BEGIN = "<!-- rea:begin -->"


def write_agents(repository: Path) -> Path:
    """Write AGENTS.md into ``repository``, or append to the one that is there, and return its path.

    Raises:
        UsageError: it has our part already, or ``repository`` is no folder.
    """
    if not repository.is_dir():
        raise UsageError(f"{repository} is no folder", "name the folder of your training repository")
    path = repository / FILE
    before = path.read_text(encoding="utf-8") if path.exists() else ""
    if BEGIN in before:
        raise UsageError(
            f"{path} has a part about rea already, which is left as it is", "remove that part to have it written anew"
        )
    joint = "" if not before else "\n" if before.endswith("\n") else "\n\n"
    with path.open("a", encoding="utf-8") as file:
        file.write(joint + (Path(__file__).parent / FILE).read_text(encoding="utf-8"))
    return path
