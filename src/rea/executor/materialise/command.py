"""What a job is started with: placeholders filled in, overrides formatted. Pure."""

from collections.abc import Mapping, Sequence

from rea.domain.job import Job
from rea.domain.lever import Scalar
from rea.domain.workload import Command, Workload


def formatted(value: Scalar) -> str:
    """Return a value as programs read it: ``true`` and ``false``, numbers so that they come back exactly, text as it is."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return repr(value) if isinstance(value, float) else str(value)


def overrides_of(job: Job, workload: Workload) -> tuple[tuple[str, Scalar], ...]:
    """Return the overrides of a job by name: the fidelity's, over them the change's, over them a remedy's adjustment."""
    fidelity = dict(workload.fidelity(job.fidelity).overrides)
    return tuple(sorted((fidelity | dict(job.change.overrides) | dict(job.adjustment.overrides)).items()))


def arguments(command: Command, values: Mapping[str, str], overrides: Sequence[tuple[str, Scalar]]) -> tuple[str, ...]:
    """Return the argv: ``values`` replace placeholders, ``{resume}`` stands for nothing where there is no ``checkpoint``."""
    expansions = {
        "{resume}": tuple(_filled(t, values) for t in command.resume) if "checkpoint" in values else (),
        "{overrides}": tuple(_filled(t, _pair(pair)) for pair in overrides for t in command.override),
    }
    return tuple(word for token in command.argv for word in expansions.get(token, (_filled(token, values),)))


def _pair(override: tuple[str, Scalar]) -> dict[str, str]:
    return {"name": override[0], "value": formatted(override[1])}


def _filled(token: str, values: Mapping[str, str]) -> str:
    """Replace placeholders from left to right; what a value itself looks like is never replaced again."""
    done, rest = "", token
    while rest:
        found = min(((at, name) for name in values if (at := rest.find(f"{{{name}}}")) >= 0), default=None)
        if found is None:
            return done + rest
        at, name = found
        done, rest = done + rest[:at] + values[name], rest[at + len(name) + 2 :]
    return done
