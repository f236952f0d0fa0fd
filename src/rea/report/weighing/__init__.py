"""Advice on trade-offs between what was confirmed. It stands beside the answer and changes nothing of it."""
