"""Approved plan -> experiments -> jobs -> measurements."""
