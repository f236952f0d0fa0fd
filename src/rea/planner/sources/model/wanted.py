"""The wanted patches of a campaign: one small file each, whole or not there, written once however often it is asked for."""

from collections.abc import Sequence
from pathlib import Path

import msgspec

from rea.domain.errors import IntegrityError
from rea.domain.wanted import WantedPatch

FOLDER = "wanted"


def keep(directory: Path, wanted: Sequence[WantedPatch]) -> None:
    """Write each wish that is not there yet into ``directory``'s folder of wishes."""
    folder = directory / FOLDER
    for wish in wanted:
        path = folder / f"{wish.id}.json"
        if path.exists():
            continue
        folder.mkdir(parents=True, exist_ok=True)
        half = path.with_suffix(".half")
        half.write_bytes(msgspec.json.encode(wish))
        half.replace(path)


def read(directory: Path) -> tuple[WantedPatch, ...]:
    """Return the wishes in ``directory``, by id. Raises IntegrityError naming a file that is no wish."""
    return tuple(_read(path) for path in sorted((directory / FOLDER).glob("w*.json")))


def _read(path: Path) -> WantedPatch:
    try:
        return msgspec.json.decode(path.read_bytes(), type=WantedPatch)
    except (OSError, msgspec.MsgspecError) as error:
        raise IntegrityError(f"{path} is no wanted patch: {error}", "remove the file") from error
