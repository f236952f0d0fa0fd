"""What a file holds, without its text: classes and functions with their lines; headings and tables of other formats. Pure: nothing is run."""

import ast
import re
from collections.abc import Iterator, Sequence

_HEADING = re.compile(r"^(?:#{1,4} \S|\[{1,2}[\w.\"-]+\]{1,2}\s*$|[A-Za-z_][\w-]*:\s*$)")
_Named = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def outline(path: str, text: str) -> Sequence[str]:
    """Return one line for each thing that ``text`` defines, with the lines where it stands."""
    found = _python(text) if path.endswith(".py") else None
    if found is None:
        rows = text.splitlines()
        found = [f"{number}: {row.strip()}" for number, row in enumerate(rows, 1) if _HEADING.match(row)]
    return found


def _python(text: str) -> list[str] | None:
    """Return the outline of Python; None where it cannot be parsed."""
    try:
        return list(_within(ast.parse(text), 0))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _within(node: ast.AST, depth: int) -> Iterator[str]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, _Named):
            yield f"{child.lineno}-{child.end_lineno}: {'    ' * depth}{_signature(child)}"
            yield from _within(child, depth + 1)


def _signature(node: _Named) -> str:
    doc = (ast.get_docstring(node) or "").partition("\n")[0]
    said = f"  # {doc}" if doc else ""
    if isinstance(node, ast.ClassDef):
        return f"class {node.name}({', '.join(ast.unparse(base) for base in node.bases)}){said}"
    return f"def {node.name}({ast.unparse(node.args)}){said}"
