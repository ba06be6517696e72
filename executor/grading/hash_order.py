"""Where the order of sets can decide: such gradings are done under two hash seeds, by which texts hash differently."""

import ast

from memory.tasks import Task
from utils.python_source import parse_python

OTHER_SEED = 1
"""Of the second time; the first one's is 0, that of every sandbox."""
SEEDED = "where Python hashes texts differently (PYTHONHASHSEED=1), and sets have another order, it fails"
_ORDERED_BY_HASH = frozenset({"set", "frozenset", "hash"})


def order_matters(task: Task, source: str) -> bool:
    """Whether solution or checks use sets or hashes, whose order is another one in each run of Python."""
    return any(map(_uses_hashes, (source, task.setup, *(check.code for check in task.checks))))


def _uses_hashes(source: str) -> bool:
    try:
        nodes = list(ast.walk(parse_python(source)))
    except SyntaxError:
        return False
    return any(
        isinstance(node, (ast.Set, ast.SetComp)) or (isinstance(node, ast.Name) and node.id in _ORDERED_BY_HASH)
        for node in nodes
    )
