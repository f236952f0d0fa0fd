"""One file a technique. It has ``SETTINGS``, the first of which turns it on, and those of these functions that it needs:

``reads(config)``                        names of columns that it takes out of the features
``targets(config, columns, row_id)``     from those columns' training rows (float64, missing as nan): by name, one number a training row
``attach(config, network, data)``        more modules, once the network has its first weights
``loss(training, index, batch, logits)`` a term beside the loss, summed over the rows of a batch as ``losses`` does
``gradient(training, again)``            once a step's gradient is there; ``again()`` adds the same batch's gradient anew

The generator and the readers know settings too, so a file imports torch inside its functions.
"""

from collections.abc import Callable, Iterator
from dataclasses import Field
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any


def modules() -> Iterator[ModuleType]:
    """All of them, by name."""
    for path in sorted(Path(__file__).parent.glob("[a-z]*.py")):
        yield import_module(f"{__name__}.{path.stem}")


def settings() -> dict[str, "Field[Any]"]:
    """Every technique's settings by name."""
    return {name: each for module in modules() for name, each in module.SETTINGS.items()}


def hooks(name: str, config: object) -> list[Callable[..., Any]]:
    """The functions of this name in the techniques that ``config`` turns on."""
    return [getattr(module, name) for module in on(config) if hasattr(module, name)]


def on(config: object) -> list[ModuleType]:
    """The techniques that ``config`` turns on."""
    return [module for module in modules() if _is_on(module, config)]


def _is_on(module: ModuleType, config: object) -> bool:
    name, declared = next(iter(module.SETTINGS.items()))
    return bool(getattr(config, name) != declared.default)
