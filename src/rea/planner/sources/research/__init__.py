"""Hypotheses from the technique catalogue, read against the configuration to improve on."""
