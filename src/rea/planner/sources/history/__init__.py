"""Hypotheses from what was learnt before, here and elsewhere."""
