"""Pure numbers: effects and intervals, variance, power, error control, shrinkage, pooling, interactions.

Nothing here knows what a campaign is; only ``score`` knows what a comparison is. numpy is never needed, and ``scipy.special``
is loaded by the first t quantile.
"""
