"""The predictions that were accepted, aligned to the sealed rows: ``judged/J.npy`` and beside it what is known of J."""

from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np

from rea.domain.errors import IntegrityError
from rea.domain.evidence import Rows
from rea.domain.ids import Digest, JobId
from rea.judge.files import private_directory, write_whole
from rea.judge.predictions import fingerprint_of
from rea.judge.rows import Floats

GLIMPSE = 4096  # rows


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """Accepted predictions of one job: of J judge rows, then of the test rows where it predicted them."""

    job: JobId
    seed: int
    change: Digest
    fingerprint: Digest
    judge_rows: int
    claims: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Archive:
    """Accepted predictions of a campaign. What is in it is never read from a job's directory again."""

    directory: Path

    def add(self, kept: Kept, predictions: Floats) -> None:
        """Keep predictions, then the note that makes them count."""
        private_directory(self.directory)
        write_whole(self._values(kept.job), lambda half: _save(half, predictions), mode=0o600)
        text = msgspec.json.encode(kept)
        write_whole(self._note(kept.job), lambda half: half.write_bytes(text), mode=0o600)

    def find(self, job: JobId) -> Kept | None:
        return self._read(self._note(job)) if self._note(job).exists() else None

    def all(self) -> tuple[Kept, ...]:
        """Return every job's note, in the order of their names."""
        return tuple(self._read(path) for path in sorted(self.directory.glob("[!.]*.json")))

    def predictions(self, kept: Kept, rows: Rows) -> Floats | None:
        """Return the predictions of judge or test rows; None where the job did not predict them.

        Raises:
            IntegrityError: they are not the ones that were accepted.
        """
        try:
            values: Floats = np.load(self._values(kept.job), allow_pickle=False)
        except (OSError, ValueError, EOFError) as error:
            raise IntegrityError(
                f"accepted predictions of {kept.job} cannot be read: {error}", "restore them from a copy"
            ) from error
        if fingerprint_of(values) != kept.fingerprint:
            raise IntegrityError(
                f"predictions of {kept.job} changed after they were accepted", "restore them from a copy"
            )
        found = values[: kept.judge_rows] if rows is Rows.JUDGE else values[kept.judge_rows :]
        return found if len(found) else None

    def glimpse(self, kept: Kept, rows: Rows) -> Floats:
        """Return the first few thousand predictions of judge or test rows, without reading the rest."""
        values: Floats = np.load(self._values(kept.job), mmap_mode="r", allow_pickle=False)
        begin, end = (0, kept.judge_rows) if rows is Rows.JUDGE else (kept.judge_rows, len(values))
        return np.array(values[begin : min(end, begin + GLIMPSE)])

    def _read(self, note: Path) -> Kept:
        try:
            return msgspec.json.decode(note.read_bytes(), type=Kept)
        except (OSError, msgspec.MsgspecError) as error:
            raise IntegrityError(f"{note} is damaged: {error}", "restore it from a copy") from error

    def _values(self, job: JobId) -> Path:
        return self.directory / f"{job}.npy"

    def _note(self, job: JobId) -> Path:
        return self.directory / f"{job}.json"


def _save(path: Path, predictions: Floats) -> None:
    with path.open("wb") as file:
        np.save(file, predictions, allow_pickle=False)
