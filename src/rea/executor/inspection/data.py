"""The data: found, or generated under a seed that nobody is told, then sealed."""

import os
import secrets
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

from rea.domain.errors import WorkloadError
from rea.domain.evidence import SealLevel
from rea.domain.workload import Command
from rea.executor.inspection.confinement import in_sight
from rea.executor.materialise.command import arguments
from rea.executor.materialise.environment import environment_of
from rea.executor.materialise.layout import mirror_of
from rea.executor.materialise.mirror import Mirror
from rea.executor.materialise.workspace import LocalWorkspace
from rea.executor.observations import DataFacts

_LONGEST_S = 3600


def look_at_data(ours: LocalWorkspace, repository: Path) -> DataFacts:
    """Find or generate the data and seal it into the campaign's directory; done again, the same is found.

    Raises:
        WorkloadError: there is none and it cannot be generated, or it is not usable; the message says why.
    """
    from rea.judge.seal import seal

    source = source_of(ours.workload.data.path, repository)
    generated = not source.exists()
    if generated:
        source = _generated(ours, source)
    sealed = seal(ours.workload.data, source, ours.directory, _key(ours.directory))
    if ours.record.cell is not None:
        sealed = replace(sealed, level=_level(ours, source))
    return DataFacts(path=str(source), generated=generated, sealed=sealed)


def _level(ours: LocalWorkspace, source: Path) -> SealLevel:
    """Return who keeps the labels from the jobs: the sandbox, if from inside they cannot be read by any of their names."""
    labels = (source, *(ours.directory / "sealed").glob("*"), *(ours.directory / "raw").glob("*"))
    return SealLevel.HANDED_OVER if in_sight(ours, labels) else SealLevel.ENFORCED


def source_of(stated: str, repository: Path) -> Path:
    """Return where the data lies: relative to the repository, with ``~`` and ``$NAME`` replaced.

    Raises:
        WorkloadError: it names a variable that is not set.
    """
    path = Path(os.path.expandvars(stated)).expanduser()
    if "$" in str(path):
        raise WorkloadError(
            f"[data] path {stated!r} names a variable that is not set", "export it, then run this again"
        )
    return repository / path


def _generated(ours: LocalWorkspace, wanted: Path) -> Path:
    if not ours.workload.data.generate:
        raise WorkloadError(
            f"there is no data at {wanted}", "put it there, correct [data] path, or state [data] generate"
        )
    raw = ours.directory / "raw"
    raw.mkdir(mode=0o700, exist_ok=True)
    made = raw / wanted.name
    if not made.exists():
        _generate(ours, raw, made)
        made.chmod(0o600)
    return made


def _generate(ours: LocalWorkspace, raw: Path, made: Path) -> None:
    tree, half = raw / "tree", made.with_name(f"half-{made.name}")
    Mirror(mirror_of(ours.directory)).export(ours.record.commit, tree)
    try:
        values = {"python": ours.record.python, "path": str(half), "seed": str(secrets.randbelow(2**31))}
        argv = arguments(Command(argv=ours.workload.data.generate), values, ())
        environment = dict(environment_of(ours.record.environment, ours.workload.command, raw, tree))
        _run(argv, tree, environment)
        if not half.is_file():
            raise WorkloadError("[data] generate ended well but wrote no file at {path}", "write it where {path} says")
        half.rename(made)
    finally:
        shutil.rmtree(tree, ignore_errors=True)


def _run(argv: tuple[str, ...], tree: Path, environment: dict[str, str]) -> None:
    try:
        subprocess.run(argv, cwd=tree, env=environment, capture_output=True, timeout=_LONGEST_S, check=True)
    except FileNotFoundError as error:
        raise WorkloadError(f"[data] generate: there is no program {argv[0]}", "correct [data] generate") from error
    except subprocess.TimeoutExpired as error:
        raise WorkloadError(f"[data] generate took longer than {_LONGEST_S} s", "make the data yourself") from error
    except subprocess.CalledProcessError as error:
        said = error.stderr.decode(errors="replace").strip()[-800:]
        raise WorkloadError(
            f"[data] generate ended with {error.returncode}: {said}", "correct [data] generate"
        ) from error


def _key(directory: Path) -> int:
    """Return the secret by which judge rows are drawn: one a campaign, kept where the labels are."""
    path = directory / "sealed" / "key"
    if not path.exists():
        path.parent.mkdir(mode=0o700, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(str(secrets.randbits(64)))
    return int(path.read_text())
