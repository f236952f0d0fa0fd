"""What a job asks of the cluster (CPUs, GPUs, memory, resources of the site's own), in the words of `ray job submit`."""

import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Self

from rea.domain.errors import UsageError

VARIABLE = "REA_RAY_OPTIONS"
DEVICES = "{devices}"

_NUMBERS = ("num-cpus", "num-gpus")
_WHOLE = ("memory",)  # bytes
_TABLES = ("resources", "label-selector")
_KNOWN = tuple(f"entrypoint-{name}" for name in (*_NUMBERS, *_WHOLE, *_TABLES))


@dataclass(frozen=True, slots=True)
class Options:
    """Words of `ray job submit`, one each: ``--entrypoint-num-gpus={devices}``. ``{devices}`` stands for the devices of a job.

    Where no word has it, a device is a CPU. Raises UsageError for what rea decides itself and for what cannot be read.
    """

    words: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for word in self.words:
            _read(word, 1)

    @classmethod
    def of(cls, text: str) -> Self:
        """Return the options in ``text``, quoted as in a shell."""
        try:
            return cls(tuple(shlex.split(text)))
        except ValueError as error:
            raise UsageError(f"{VARIABLE}={text!r}: {error}", "close the quotation") from error

    @property
    def gpus(self) -> bool:
        """Whether Ray hands out GPUs to the jobs, and so says which."""
        return any(word.startswith("--entrypoint-num-gpus=") for word in self.words)

    def of_job(self, devices: int) -> Mapping[str, object]:
        """Return what a job with this many devices asks for, as the Jobs API takes it."""
        shared = {} if any(DEVICES in word for word in self.words) else {"entrypoint_num_cpus": devices}
        return {**shared, **dict(_read(word, devices) for word in self.words)}


def _read(word: str, devices: int) -> tuple[str, object]:
    name, _, value = word.removeprefix("--").partition("=")
    if not word.startswith("--") or name not in _KNOWN or not value:
        near = get_close_matches(name, _KNOWN, n=1)
        hint = f"did you mean --{near[0]}=…?" if near and near[0] != name else f"one word each: --{_KNOWN[1]}={DEVICES}"
        raise UsageError(f"{VARIABLE}: {word!r} is no option that can be given", hint)
    try:
        return name.replace("-", "_"), _value(name.removeprefix("entrypoint-"), value.replace(DEVICES, str(devices)))
    except ValueError as error:
        raise UsageError(f"{VARIABLE}: {word!r} cannot be read: {error}", "see `ray job submit --help`") from error


def _value(name: str, text: str) -> object:
    if name in _TABLES:
        table = json.loads(text)
        if not isinstance(table, dict):
            raise ValueError("not a JSON object")
        return table
    number = int(text) if name in _WHOLE else float(text)
    if not 0 <= number < float("inf"):
        raise ValueError("not a number of at least 0")
    return number
