"""Which backend a campaign runs on: taken down when it begins, so that whoever wakes it weeks later asks the same cluster."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from rea.domain.errors import IntegrityError
from rea.domain.job import LOCAL
from rea.executor.contract.directory import write_durably

_RECORD = "backend.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """A backend by name, with the variables of the environment that say which cluster it is and how to submit there."""

    name: str = LOCAL
    variables: tuple[tuple[str, str], ...] = ()

    @property
    def environment(self) -> Mapping[str, str]:
        return dict(self.variables)


def record(directory: Path, chosen: Chosen) -> None:
    """Take down what was chosen for the campaign in ``directory``."""
    write_durably(directory / _RECORD, msgspec.json.encode(chosen).decode())


def recorded(directory: Path) -> Chosen:
    """Return what was chosen; a campaign that was begun before there was a choice runs on this machine.

    Raises:
        IntegrityError: the record is damaged; to guess could launch a job on a second cluster.
    """
    path = directory / _RECORD
    try:
        return msgspec.json.decode(path.read_bytes(), type=Chosen)
    except FileNotFoundError:
        return Chosen()
    except (OSError, msgspec.DecodeError) as error:
        raise IntegrityError(
            f"{path} cannot be read: {error}", 'restore it, such as {"name": "local"} or {"name": "slurm"}'
        ) from error
