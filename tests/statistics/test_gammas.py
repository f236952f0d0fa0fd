"""Derivatives of log gamma against scipy's, over every size of argument that degrees of freedom have."""

import numpy as np
import pytest
from scipy.special import polygamma

from rea.statistics.gammas import digamma, tetragamma, trigamma

WHERE = (*np.geomspace(1e-3, 1e6, 200).tolist(), 0.5, 1.0, 1.5, 11.999, 12.0)


@pytest.mark.parametrize(("order", "ours"), list(enumerate((digamma, trigamma, tetragamma))))
def test_they_are_scipys(order: int, ours) -> None:  # type: ignore[no-untyped-def]
    for x in WHERE:
        assert ours(x) == pytest.approx(float(polygamma(order, x)), rel=1e-13, abs=1e-13)
