"""Hypotheses that a language model proposes: from typed facts and the workload's code, checked before anyone sees them."""
