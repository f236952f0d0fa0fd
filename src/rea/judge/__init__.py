"""Ranking metrics from predictions and sealed labels, in a process of its own: ``python -P -m rea.judge``."""
