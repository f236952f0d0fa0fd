"""Where things of a job and of a campaign lie."""

from dataclasses import dataclass
from pathlib import Path

from rea.domain.experiment import Purpose
from rea.domain.ids import Digest, JobId


@dataclass(frozen=True, slots=True)
class JobPlace:
    """``jobs/J``: ``control`` is ours, ``out`` the job's, ``tree`` its code, ``scratch`` its home and temporary folder."""

    directory: Path

    @property
    def control(self) -> Path:
        return self.directory / "control"

    @property
    def launch(self) -> Path:
        return self.control / "launch.json"

    @property
    def job(self) -> Path:
        return self.control / "job.json"

    @property
    def out(self) -> Path:
        return self.directory / "out"

    @property
    def tree(self) -> Path:
        return self.directory / "tree"

    @property
    def scratch(self) -> Path:
        return self.directory / "scratch"


def place_of(campaign: Path, job: JobId) -> JobPlace:
    return JobPlace(campaign / "jobs" / job)


def view_of(campaign: Path, purpose: Purpose, form: str) -> Path:
    """Return the view of the data that a job of this purpose is handed; a rerun that looks into a failure gets what failed."""
    handed = Purpose.CONFIRM if purpose is Purpose.CONFIRM else Purpose.SELECT
    return campaign / "data" / f"{handed}.{form}"


def patch_of(campaign: Path, patch: Digest) -> Path:
    return campaign / "patches" / f"{patch}.diff"


def mirror_of(campaign: Path) -> Path:
    return campaign / "mirror.git"


def record_of(campaign: Path) -> Path:
    return campaign / "workspace.json"
