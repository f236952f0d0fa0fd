"""The workspace of a campaign on this machine: jobs become launches, and what they leave is cleared away."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from rea.domain.errors import IntegrityError, WorkloadError
from rea.domain.ids import JobId
from rea.domain.job import Job, Launch
from rea.domain.workload import Workload
from rea.executor.contract.directory import write_durably
from rea.executor.materialise.cell import Cell, box_of
from rea.executor.materialise.clear import clear
from rea.executor.materialise.command import arguments, overrides_of
from rea.executor.materialise.environment import Pairs, environment_of, inherited
from rea.executor.materialise.layout import JobPlace, mirror_of, patch_of, place_of, record_of, view_of
from rea.executor.materialise.mirror import Mirror
from rea.executor.materialise.patch import patched


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What every job of a campaign has in common, taken down when it was checked."""

    commit: str
    python: str
    environment: Pairs
    cell: Cell | None = None  # None: jobs run as any other process of this user


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalWorkspace:
    """Makes launches under ``directory/jobs``; nothing outside ``directory`` is read but the interpreter."""

    directory: Path
    workload: Workload
    record: Record

    def launch(self, job: Job) -> Launch:
        """Make the place of a job and return how to run it; asked again, it is the same launch.

        Raises:
            WorkloadError: its view of the data, its patch or the checkpoint that it goes on from is not there.
            IntegrityError: the place was made for another job.
        """
        place = place_of(self.directory, job.id)
        self._note(place, job)
        if not place.tree.exists():
            self._export(place, job)
        for folder in (place.out, place.scratch):
            folder.mkdir(exist_ok=True)
        if not place.launch.exists():
            write_durably(place.launch, msgspec.json.encode(self._launch(place, job)).decode())
        return msgspec.json.decode(place.launch.read_bytes(), type=Launch)

    def clean(self, job: JobId) -> None:
        """Remove what nobody reads any more: the tree, scratch files, large files; a checkpoint stays while a rung may resume it."""
        place = place_of(self.directory, job)
        if place.job.exists():
            ended = msgspec.json.decode(place.job.read_bytes(), type=Job)
            clear(place, self.workload.command, resumable=self.workload.fidelity(ended.fidelity).resumable)

    def _note(self, place: JobPlace, job: Job) -> None:
        place.control.mkdir(mode=0o700, parents=True, exist_ok=True)
        told = msgspec.json.encode(job, order="deterministic").decode()
        if not place.job.exists():
            write_durably(place.job, told)
        elif place.job.read_text() != told:
            raise IntegrityError(f"{place.directory} was made for another job called {job.id}", "see `rea doctor`")

    def _export(self, place: JobPlace, job: Job) -> None:
        mirror = Mirror(mirror_of(self.directory))
        tree = patched(mirror, self.record.commit, [patch_of(self.directory, p.digest) for p in job.change.patches])
        mirror.export(tree, place.tree, without=(os.path.normpath(self.workload.data.path),))

    def _launch(self, place: JobPlace, job: Job) -> Launch:
        resources, command = self.workload.resources, self.workload.command
        checkpoint = str(place.out / command.checkpoint) if command.checkpoint and command.resume else ""
        return Launch(
            around=self._around(place, job),
            job=job.id,
            directory=str(place.directory),
            argv=self._argv(place, job, {}),
            cwd=str(place.tree),
            environment=environment_of(self.record.environment, command, place.scratch, place.tree),
            time_limit_s=job.time_limit_s or resources.time_limit_s,
            silence_limit_s=resources.silence_limit_s,
            memory_mb=resources.memory_mb,
            devices=resources.devices,
            checkpoint=checkpoint,
            restart=self._argv(place, job, {"checkpoint": checkpoint}) if checkpoint else (),
        )

    def _around(self, place: JobPlace, job: Job) -> tuple[str, ...]:
        if self.record.cell is None:
            if job.change.patches:
                raise WorkloadError(
                    f"{job.id} would run a patch without a sandbox", "install bubblewrap, then begin a campaign anew"
                )
            return ()
        values = self._values(place, job)
        handed = [values[name] for name in ("data", "checkpoint") if name in values]
        return box_of(self.record.cell, place, handed).argv(())

    def _argv(self, place: JobPlace, job: Job, values: Mapping[str, str]) -> tuple[str, ...]:
        return arguments(
            self.workload.command, {**self._values(place, job), **values}, overrides_of(job, self.workload)
        )

    def _values(self, place: JobPlace, job: Job) -> dict[str, str]:
        data = view_of(self.directory, job.purpose, self.workload.data.format)
        if not data.exists():
            raise WorkloadError(f"the sealed view {data} is missing", "run `rea check` again: it seals the data")
        values = {"python": self.record.python, "data": str(data), "out": str(place.out), "seed": str(job.seed)}
        return values if job.resumes is None else values | {"checkpoint": str(self._checkpoint(job.resumes))}

    def _checkpoint(self, job: JobId) -> Path:
        path = place_of(self.directory, job).out / self.workload.command.checkpoint
        if not path.exists():
            raise WorkloadError(f"the checkpoint {path} is missing", f"see `rea logs {job}`")
        return path


def establish(
    directory: Path, repository: Path, commit: str, python: str, ours: Mapping[str, str], cell: Cell | None = None
) -> Record:
    """Take down what all jobs have in common: the commit into a mirror of our own, the interpreter, the environment.

    Raises:
        WorkloadError: ``repository`` holds no such commit.
    """
    Mirror(mirror_of(directory)).fetch(repository, commit)
    record = Record(commit=commit, python=python, environment=inherited(ours, python), cell=cell)
    write_durably(record_of(directory), msgspec.json.encode(record).decode())
    return record


def reopen(directory: Path, workload: Workload) -> LocalWorkspace:
    """Return the workspace that ``establish`` prepared in a campaign's directory.

    Raises:
        IntegrityError: its record is missing or damaged.
    """
    path = record_of(directory)
    try:
        record = msgspec.json.decode(path.read_bytes(), type=Record)
    except (OSError, msgspec.DecodeError) as error:
        raise IntegrityError(f"{path} cannot be read: {error}", "run `rea check` again, which writes it") from error
    return LocalWorkspace(directory=directory, workload=workload, record=record)
