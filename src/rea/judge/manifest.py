"""What was sealed, so that a changed log is noticed and named."""

from dataclasses import dataclass, field, fields, replace
from pathlib import Path

import msgspec

from rea.domain.errors import IntegrityError, WorkloadError
from rea.domain.workload import Data
from rea.judge.files import digest_of, write_whole


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """``columns`` are digests of the log's columns, ``files`` of what was written, by their place in the campaign."""

    data: Data
    key: str
    rows: int
    columns: dict[str, str]
    files: dict[str, str] = field(default_factory=dict)


def read_manifest(campaign: Path) -> Manifest | None:
    """Return what was sealed here, or None. Raises IntegrityError where the record is damaged."""
    path = _place(campaign)
    if not path.exists():
        return None
    try:
        return msgspec.json.decode(path.read_bytes(), type=Manifest)
    except msgspec.MsgspecError as error:
        raise IntegrityError(f"{path} is damaged: {error}", "restore it from a copy") from error


def write_manifest(campaign: Path, manifest: Manifest) -> None:
    """Record what was sealed, last of all: without it a seal counts as not made."""
    written = {name: digest_of(campaign / name) for name in _files(manifest.data)}
    text = msgspec.json.encode(replace(manifest, files=written), order="deterministic")
    write_whole(_place(campaign), lambda half: half.write_bytes(text), mode=0o600)


def intact(manifest: Manifest, campaign: Path) -> bool:
    """Whether every file of a seal is there with the bytes that were written."""
    return all((campaign / name).is_file() and digest_of(campaign / name) == d for name, d in manifest.files.items())


def refuse_change(known: Manifest, wanted: Manifest) -> None:
    """Raise WorkloadError, naming what changed, where ``wanted`` is not what was sealed as ``known``."""
    changes = [*_setting_changes(known, wanted), *_content_changes(known, wanted)]
    if changes:
        raise WorkloadError(
            f"the data are not those this campaign sealed: {'; '.join(changes)}",
            "put the old data back, or open a new campaign on the new",
        )


def _setting_changes(known: Manifest, wanted: Manifest) -> list[str]:
    old, new = (replace(m.data, path="", generate=()) for m in (known, wanted))
    pairs = [(f.name, getattr(old, f.name), getattr(new, f.name)) for f in fields(Data)]
    changed = [f"[data] {name} was {before!r} and is {after!r}" for name, before, after in pairs if before != after]
    return changed + (["the key that draws the judge rows is another"] if known.key != wanted.key else [])


def _content_changes(known: Manifest, wanted: Manifest) -> list[str]:
    if known.rows != wanted.rows:
        return [f"{known.rows} rows became {wanted.rows}"]
    lost, added = sorted(known.columns.keys() - wanted.columns), sorted(wanted.columns.keys() - known.columns)
    shared = [name for name in known.columns if name in wanted.columns]
    changed = [name for name in shared if known.columns[name] != wanted.columns[name]]
    said = (("column {!r} is gone", lost), ("column {!r} is new", added), ("values of {!r} changed", changed))
    return [text.format(name) for text, found in said for name in found]


def _files(data: Data) -> list[str]:
    views = [f"data/{name}.{data.format}" for name in ("select", "confirm")]
    return [*views, *(f"sealed/{name}.npz" for name in ("order", "judge", "test"))]


def _place(campaign: Path) -> Path:
    return campaign / "sealed" / "seal.json"
