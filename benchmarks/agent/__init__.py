"""Proof of the language-model layer: broken providers, hostile material, replay, and the count of what a server really sold."""
