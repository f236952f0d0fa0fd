"""Whether somebody listens where a model is asked. A connection is opened and closed; nothing is sent, so nothing is owed."""

import socket
from urllib.parse import urlsplit

from rea.agent.configuration import Configuration

PATIENCE_S = 3.0


def unreachable(configuration: Configuration) -> str:
    """Return why no connection can be made, or nothing."""
    parts = urlsplit(configuration.address)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        with socket.create_connection((parts.hostname or "", port), PATIENCE_S):
            return ""
    except OSError as error:
        return f"{parts.hostname}:{port} does not answer: {error}"
