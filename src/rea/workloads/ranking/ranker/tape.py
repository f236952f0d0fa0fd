"""What a step does with kernels, recorded once and played again: a list of calls, and the memory that they work on.

A small step's Python has to come into the cache again after each large array: it took a quarter of the step.
"""

from collections.abc import Callable
from typing import Any

from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from ranker.kernels import Call, Kernels


class Tape:
    """``act(index)`` for indices of one length, which gives a tensor. Played, it is the same tensor each time.

    If torch did anything but lay out memory while the first was recorded, all are done and none is played.
    """

    def __init__(self, kernels: Kernels, act: Callable[[Tensor], Tensor]) -> None:
        self.kernels, self.act = kernels, act
        self.index: Tensor | None = None  # where kernels look for it
        self.calls: list[Call] = []
        self.held: list[Any] = []

    def __call__(self, index: Tensor) -> Tensor:
        """Raises IndexError."""
        if self.index is None:
            return self._recorded(index)
        if not self.calls:
            return self.act(index)
        self.index.copy_(index)
        for function, given in self.calls:
            if function(*given):
                raise IndexError("a row or an id that is not there")
        return self.out

    def _recorded(self, index: Tensor) -> Tensor:
        self.index, watch = index.clone(), _Watch()
        with watch, self.kernels.noting(self.calls):
            self.out = self.act(self.index)
        if watch.acted:
            self.calls.clear()
        else:
            self.held = watch.held
        return self.out


class _Watch(TorchDispatchMode):
    """Holds the memory that torch lays out, and sees whether it does anything else."""

    def __init__(self) -> None:
        super().__init__()
        self.held: list[Any] = []
        self.acted = False

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        """No: to be skipped by torch's compiler imports it, which takes a second."""
        return False

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        out = func(*args, **(kwargs or {}))
        self.acted = self.acted or not (func.is_view or "empty" in func.name())
        self.held.append(out)
        return out
