"""Small matrices are solved quickest by one thread: where other programs run, several wait for each other, a hundred times as long."""

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import TYPE_CHECKING, ParamSpec, TypeVar

if TYPE_CHECKING:
    from threadpoolctl import ThreadpoolController

P = ParamSpec("P")
T = TypeVar("T")


def by_one_thread(function: Callable[P, T]) -> Callable[P, T]:
    """Return ``function`` with linear algebra on one thread while it runs, and as before afterwards. No variable is set: jobs inherit none."""

    @wraps(function)
    def limited(*args: P.args, **kwargs: P.kwargs) -> T:
        with _libraries().limit(limits=1):
            return function(*args, **kwargs)

    return limited


@lru_cache(maxsize=1)
def _libraries() -> "ThreadpoolController":
    import numpy as np  # noqa: F401  a library that is not loaded is not found
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()
