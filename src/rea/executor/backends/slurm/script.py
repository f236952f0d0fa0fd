"""The batch script of a job: the wrapper that every backend shares, with a few lines before it where Slurm may start the job again."""

from pathlib import Path

from rea.domain.job import Launch
from rea.executor.contract.directory import control_of, write_durably
from rea.executor.contract.spec import Spec

RUN = Path(__file__).with_name("run.sh")
REQUEUE = Path(__file__).with_name("requeue.sh")


def once(spec: Spec, directory: Path, wrapper: Path) -> tuple[str, ...]:
    """Return script and arguments of a job that is started once at most."""
    return spec.command(control_of(directory), wrapper)[1:]


def again(spec: Spec, launch: Launch, wrapper: Path, requeue: Path = REQUEUE) -> tuple[str, ...]:
    """Return script and arguments of a job that Slurm may start again; its script lies in its directory.

    A later start goes on from the job's own checkpoint where the launch says how, and has only what is left of the time limit.
    """
    directory = Path(launch.directory)
    script = control_of(directory) / "batch"
    write_durably(script, requeue.read_text() + wrapper.read_text())
    first = once(spec, directory, wrapper)[1:]
    later = (*first[: -len(spec.argv)], *launch.restart) if launch.restart else ()
    return (str(script), launch.checkpoint, str(len(first)), *first, *later)
