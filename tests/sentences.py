"""The sentences that a module says, read from its source."""

from __future__ import annotations

import ast
from collections.abc import Iterator


def texts(node: ast.expr, tree: ast.AST, seen: frozenset[str] = frozenset()) -> Iterator[str]:
    """Every text that an expression can be, each value in it a 1; a name stands for what is assigned to it in the tree."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.JoinedStr):
        yield "".join(str(part.value) if isinstance(part, ast.Constant) else "1" for part in node.values)
    elif isinstance(node, ast.IfExp):
        yield from texts(node.body, tree, seen)
        yield from texts(node.orelse, tree, seen)
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        yield from (
            one + two for one in texts(node.left, tree, seen) for two in texts(node.right, tree, seen)
        )
    elif isinstance(node, ast.Subscript) and isinstance(node.value, ast.Dict):
        for value in node.value.values:
            yield from texts(value, tree, seen)
    elif isinstance(node, ast.Name) and node.id not in seen:
        for other in ast.walk(tree):
            targets = other.targets if isinstance(other, ast.Assign) else []
            if any(isinstance(target, ast.Name) and target.id == node.id for target in targets):
                yield from texts(other.value, tree, seen | {node.id})  # type: ignore[attr-defined]
