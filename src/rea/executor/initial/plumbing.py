"""Which options carry the data, the output and the seed. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rea.executor.initial.guess import habit_of
from rea.executor.initial.options import Option

_ROLES = {
    "data": r"(train(ing)?_|input_)?(data|csv|parquet|dataset|file|input)(_path|_file|_csv|_fname)?|data_path|path|train|train_path",
    "out": r"(out|output|save|result|results|log|checkpoint|ckpt)(_?dir|_path|_folder|_root)?",
    "predictions": r"(save_|out(put)?_)?(pred|preds|prediction|predictions|scores|submission)(_path|_file|_csv|_out)?",
    "seed": r"(random_|manual_)?seed|random_state",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Plumbing:
    """The options found for each purpose, None where there is none; ``predictions`` names a file, ``out`` a folder."""

    data: Option | None
    out: Option | None
    predictions: Option | None
    seed: Option | None

    @property
    def all(self) -> tuple[Option, ...]:
        return tuple(o for o in (self.data, self.out, self.predictions, self.seed) if o is not None)


def plumbing_of(options: Sequence[Option]) -> Plumbing:
    """Return what carries data, output and seed; an option that a lever could be is none of them."""
    free = [o for o in options if not o.switch and habit_of(o) is None]
    found = {purpose: _first(free, pattern) for purpose, pattern in _ROLES.items()}
    return Plumbing(data=found["data"], out=found["out"], predictions=found["predictions"], seed=found["seed"])


def _first(options: Sequence[Option], pattern: str) -> Option | None:
    whole = [o for o in options if re.fullmatch(pattern, o.words)]
    last = [o for o in options if re.fullmatch(pattern, o.name.rpartition(".")[2].replace("-", "_").lower())]
    return next(iter([*whole, *last]), None)
