"""Where jobs may run: each engine by its name, and what a later wake needs to reach the same one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from rea.domain.errors import UsageError
from rea.domain.job import LOCAL, JobStatus, Launch
from rea.executor.backends.chosen import Chosen, recorded
from rea.ports import JobBackend

Wakes = tuple[str, ...]


def _local(root: Path, wakes: Wakes, variables: Mapping[str, str]) -> JobBackend:
    from rea.executor.backends.local import LocalBackend

    return LocalBackend(root=root, wake=wakes)


def _slurm(root: Path, wakes: Wakes, variables: Mapping[str, str]) -> JobBackend:
    from rea.executor.backends.slurm import Client, Options, SlurmBackend
    from rea.executor.backends.slurm.options import VARIABLE

    options = Options.of(variables.get(VARIABLE, ""))
    return SlurmBackend(root=root, client=Client.of(variables), options=options, wake=wakes)


def _ray(root: Path, wakes: Wakes, variables: Mapping[str, str]) -> JobBackend:
    from rea.executor.backends.ray import Client, Options, RayBackend
    from rea.executor.backends.ray.options import VARIABLE

    return RayBackend(
        root=root, client=Client.of(variables), options=Options.of(variables.get(VARIABLE, "")), wake=wakes
    )


@dataclass(frozen=True, slots=True)
class Engine:
    """How a backend is made from where jobs lie, the command that wakes, and those ``variables`` of the environment at the start."""

    make: Callable[[Path, Wakes, Mapping[str, str]], JobBackend]
    variables: tuple[str, ...] = ()


BACKENDS = {
    LOCAL: Engine(_local),
    "slurm": Engine(_slurm, ("SLURM_CONF", "REA_SLURM_OPTIONS")),
    "ray": Engine(_ray, ("RAY_API_SERVER_ADDRESS", "RAY_AUTH_TOKEN_PATH", "REA_RAY_OPTIONS")),
}


def choose(name: str, environment: Mapping[str, str]) -> Chosen:
    """Return the choice of a backend by name, with what of ``environment`` a later wake needs to reach the same one.

    Raises:
        UsageError: there is no such backend, or its options cannot be used.
    """
    engine = _engine(name)
    kept = tuple((v, environment[v]) for v in engine.variables if environment.get(v))
    engine.make(Path("/"), (), dict(kept))  # what cannot be made is refused now, not in the first wake
    return Chosen(name=name, variables=kept)


def backend(directory: Path, wakes: Wakes = ()) -> JobBackend:
    """Return the backend that was recorded for the campaign in ``directory``."""
    chosen = recorded(directory)
    return _engine(chosen.name).make(directory / "jobs", wakes, chosen.environment)


def _engine(name: str) -> Engine:
    if name not in BACKENDS:
        near = get_close_matches(name, BACKENDS, n=1)
        hint = f"did you mean {near[0]}?" if near else f"one of: {', '.join(BACKENDS)}"
        raise UsageError(f"there is no backend {name!r}", hint)
    return BACKENDS[name]


def smoke(directory: Path) -> Callable[[Launch], JobStatus]:
    """Return what runs a job while a person waits: here, or on the cluster where the campaign's jobs will run."""
    from rea.executor.inspection.foreground import run_here, run_on

    return run_here if recorded(directory).name == LOCAL else run_on(backend(directory))
