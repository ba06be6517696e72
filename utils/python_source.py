"""Parsing of Python source that somebody else wrote, whatever is wrong with it."""

import ast
import threading
import warnings

_ONE_AT_A_TIME = threading.Lock()
"""CPython 3.11 counts the depth of the trees of all threads together (gh-106905), and warning filters are global."""


def parse_python(source: str) -> ast.Module:
    r"""The source's tree; warnings about the source itself, such as for "\d" in a plain string, are kept quiet.

    Raises:
        SyntaxError: it is no Python, holds null bytes or surrogates, or is nested too deeply for the parser.
    """
    try:
        with _ONE_AT_A_TIME, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(source)
    except ValueError as error:  # UnicodeEncodeError too; null bytes until Python 3.11.3
        raise SyntaxError(str(error)) from error
    except (RecursionError, MemoryError) as error:
        raise SyntaxError("too deeply nested") from error


def size_of(tree: ast.AST) -> int:
    """How many statements and expressions the tree holds: a size that does not depend on layout or names."""
    return sum(isinstance(node, ast.stmt | ast.expr) for node in ast.walk(tree))
