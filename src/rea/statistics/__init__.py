"""Pure numbers: effects and intervals, variance, power, error control, shrinkage, pooling, interactions.

Nothing here knows what a campaign is. numpy is never needed; ``scipy.special`` is loaded by the first t quantile.
"""
