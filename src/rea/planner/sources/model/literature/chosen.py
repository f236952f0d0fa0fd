"""Which literature a campaign may be read from: none unless a person says so."""

from collections.abc import Callable
from pathlib import Path

from rea.domain.errors import UsageError
from rea.planner.sources.model.literature.folder import Folder, Shelf
from rea.planner.sources.model.literature.paper import Literature
from rea.planner.sources.model.literature.web import Arxiv, SemanticScholar, Several

INDICES: dict[str, Callable[[], Literature]] = {"arxiv": Arxiv, "semantic_scholar": SemanticScholar}
SHELF = "papers.json"  # in the campaign's directory: what the indices answered


def chosen(indices: str, folder: str, directory: Path) -> Literature | None:
    """Return the literature for ``REA_LITERATURE`` (names with commas between) and ``REA_PAPERS`` (a folder); None where both are empty.

    A campaign that was given papers keeps them: who wakes or replays it without these variables reads the same.

    Raises:
        UsageError: there is no such index, or no such folder.
    """
    names = [name.strip() for name in indices.split(",") if name.strip()]
    if unknown := [name for name in names if name not in INDICES]:
        raise UsageError(f"there is no index {unknown[0]!r}", f"REA_LITERATURE takes {', '.join(INDICES)}")
    if folder and not Path(folder).is_dir():
        raise UsageError(f"REA_PAPERS: {folder} is no folder", "name a folder of .txt or .md files")
    libraries: list[Literature] = [Folder(Path(folder))] if folder else []
    libraries += [INDICES[name]() for name in names]
    kept = directory / SHELF
    return Shelf(Several(tuple(libraries)), kept) if libraries or kept.exists() else None
