"""That a suite sees a bug: the law that guards against it goes red."""

from collections.abc import Callable

import pytest


def is_seen(law: Callable[..., None], *given: object) -> None:
    """Run one law of a suite over an implementation that breaks it. Fails where the law does not notice."""
    with pytest.raises((AssertionError, pytest.fail.Exception)):
        law(*given)
