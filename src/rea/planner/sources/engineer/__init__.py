"""Hypotheses that an engineer wrote down."""
