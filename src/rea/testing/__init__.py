"""Shipped with the program: fakes, and one conformance suite per port, for whoever writes an adapter."""
