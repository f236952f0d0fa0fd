"""mcp: serve programs over stdin and stdout."""

from importlib import import_module
from importlib.util import find_spec

from rea.cli.face import Face, command
from rea.domain.errors import UsageError


@command(campaign=False)
def mcp(face: Face) -> None:
    """Serve MCP clients over stdin and stdout: they can read and request; approving stays here, on the command line."""
    if find_spec("mcp") is None:
        raise UsageError("the MCP library is not installed", "pip install 'ranking-engineer-agent[mcp]'")
    import_module("rea.mcp.server").server(face.config.state).run("stdio")  # by name: faces do not know each other
