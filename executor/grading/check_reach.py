"""Why a check needs more of the solution's process than calls can give: told from its text alone.

The separated judge shares arguments and answers with the solution, and nothing else. A check that writes a file for the
solution, patches a module, sets an environment variable, seeds `random`, or captures what is printed does so in a
process in which the solution is not.

Not covered: reaching by ways that no text shows, `getattr(module, name)` with a computed name for one.
"""

import ast
from collections.abc import Collection, Iterator, Mapping
from typing import Literal

from utils.python_source import parse_python

_SOLUTION = "<solution>"
Kind = Literal[
    "files", "patches", "environment", "random", "printed", "input", "mocks", "watches", "evaluates", "types"
]  # fmt: skip
_WORDS: Mapping[Kind, str] = {
    "files": "its checks read or write files, and the solution runs where it sees none of them",
    "patches": "its checks change a module or its settings, and the solution runs in a process with modules of its own",
    "environment": "its checks use environment variables or the working folder, and the solution has its own",
    "random": "its checks seed random numbers for the solution, which draws its own in another process",
    "printed": "its checks capture what is printed, and the solution prints in another process",
    "input": "its checks replace the standard input, and the solution reads its own in another process",
    "mocks": "its checks patch names with unittest.mock, and the solution runs in another process, where they stay",
    "types": "its checks ask for the very type of an object of the solution, which stays in another process",
    "evaluates": "its checks run what the solution answers as code, which could then change the checks themselves",
    "watches": "its checks watch warnings, log lines, threads, memory or source; the solution has its own elsewhere",
}
_CALLS: Mapping[Kind, tuple[str, ...]] = {
    "files": (
        "open", "io.open", "codecs.open", "tempfile.", "shutil.", "glob.", "fileinput.", "zipfile.ZipFile",
        "tarfile.open", "gzip.open", "bz2.open", "lzma.open", "sqlite3.connect", "dbm.open", "shelve.open",
        "linecache.", "filecmp.", "mmap.mmap",
        *(f"os.{name}" for name in ("open", "mkdir", "makedirs", "remove", "unlink", "rmdir", "removedirs", "rename",
          "replace", "listdir", "scandir", "walk", "stat", "lstat", "link", "symlink", "truncate", "mkfifo", "chmod",
          "utime", "access")),
        *(f"os.path.{name}" for name in ("exists", "isfile", "isdir", "getsize", "getmtime", "islink", "lexists",
          "samefile")),
        *(f"pathlib.Path().{name}" for name in ("write_text", "write_bytes", "read_text", "read_bytes", "open",
          "exists", "is_file", "is_dir", "mkdir", "unlink", "touch", "iterdir", "glob", "rglob", "rmdir", "rename",
          "replace", "stat", "chmod", "samefile", "symlink_to", "hardlink_to")),
    ),
    "patches": (
        "importlib.reload", "sys.setrecursionlimit", "sys.setswitchinterval", "sys.set_int_max_str_digits",
        "decimal.setcontext", "locale.setlocale", "signal.", "sys.path.", "sys.modules.", "sys.meta_path.",
        "time.tzset", "socket.setdefaulttimeout", "resource.setrlimit", "os.umask", "os.nice", "faulthandler.",
        "mimetypes.add_type",
    ),
    "environment": ("os.environ.", "os.putenv", "os.unsetenv", "os.getenv", "os.chdir", "os.getcwd", "os.getpid"),
    "printed": ("contextlib.redirect_stdout", "contextlib.redirect_stderr", "os.dup2", "sys.stdout.", "sys.stderr."),
    "input": ("sys.stdin.",),
    "mocks": ("unittest.mock.patch", "mock.patch", "monkeypatch.", "pytest.MonkeyPatch"),
    "watches": (
        "warnings.", "logging.", "tracemalloc.", "gc.", "atexit.", "sys.settrace", "sys.setprofile",
        "inspect.getsource", "inspect.getsourcelines", "threading.enumerate", "threading.active_count",
        "resource.getrusage",
    ),
}  # fmt: skip
"""Kind -> calls that do so: full names, or all that begins with a name and a dot."""
_RUNS = (
    "eval",
    "exec",
    "compile",
    "pickle.loads",
    "pickle.load",
    "marshal.loads",
    "types.FunctionType",
    "importlib.import_module",
)
_SEEDS = ("random.seed", "random.setstate", "numpy.random.seed", "numpy.random.set_state")
_BUILTINS = ("input", "print", "open")
_STREAMS: Mapping[str, Kind] = {
    "sys.stdout": "printed",
    "sys.stderr": "printed",
    "sys.stdin": "input",
    "os.environ": "environment",
}
_SHARED_CONTEXTS = ("decimal.getcontext()", "logging.getLogger()", "locale.localeconv()")
_METHODS: Mapping[str, Kind] = {"assertLogs": "watches", "assertWarns": "watches", "assertNoLogs": "watches"}


def reach_of(code: str, names: Collection[str]) -> str:
    """Why calls and answers alone cannot carry this check, in one line; empty if nothing in its text says so.

    Args:
        code: the check, with the task's setup before it if there is one.
        names: what it may call of the solution.
    """
    try:
        tree = parse_python(code)
    except SyntaxError:
        return ""
    kind = next(_kinds(tree, _Origins(tree, names)), None)
    return "" if kind is None else _WORDS[kind]


class _Origins:
    """Where the names of a check come from: dotted names of modules and the solution, `()` behind what was called."""

    def __init__(self, tree: ast.Module, names: Collection[str]) -> None:
        self._known = {name: f"{_SOLUTION}.{name}" for name in names}
        for node in ast.walk(tree):
            self._learn_import(node)
            if isinstance(node, ast.FunctionDef) and node.name == "check" and node.args.args:
                self._known.setdefault(node.args.args[0].arg, f"{_SOLUTION}.{node.args.args[0].arg}")
        bindings = [pair for node in ast.walk(tree) for pair in _bindings(node)]
        for target, value in [*bindings, *bindings]:  # twice, for names that are bound to names bound further below
            if found := self.of(value):
                self._known.setdefault(target, found)

    def _learn_import(self, node: ast.AST) -> None:
        if isinstance(node, ast.Import):
            for alias in node.names:
                first = alias.name.partition(".")[0]
                self._known[alias.asname or first] = alias.name if alias.asname else first
        elif isinstance(node, ast.ImportFrom) and node.module:
            self._known |= {each.asname or each.name: f"{node.module}.{each.name}" for each in node.names}

    def of(self, node: ast.AST) -> str:
        """The dotted name of an expression; empty if it comes from nothing that was imported or is the solution's."""
        match node:
            case ast.Name(id=name):
                return self._known.get(name, "")
            case ast.Attribute(value=value, attr=attr):
                return f"{found}.{attr}" if (found := self.of(value)) else ""
            case ast.Call(func=func):
                return f"{found}()" if (found := self.of(func)) else ""
            case ast.BinOp(left=left, op=ast.Div()):  # a path below a path
                return found if (found := self.of(left)).startswith("pathlib.") else ""
        return ""


def _bindings(node: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    """Names that a node binds to an expression."""
    match node:
        case ast.Assign(targets=targets, value=ast.Tuple(elts=values)):
            parts = (target.elts for target in targets if isinstance(target, ast.Tuple))
            pairs = [pair for each in parts if len(each) == len(values) for pair in zip(each, values, strict=True)]
        case ast.Assign(targets=targets, value=value):
            pairs = [(target, value) for target in targets]
        case ast.NamedExpr(target=target, value=value):
            pairs = [(target, value)]
        case ast.withitem(context_expr=value, optional_vars=ast.expr() as target):
            pairs = [(target, value)]
        case _:
            pairs = []
    yield from ((target.id, value) for target, value in pairs if isinstance(target, ast.Name))


def _kinds(tree: ast.Module, origins: _Origins) -> Iterator[Kind]:
    """Every way in which the check reaches beyond its calls."""
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    for node in ast.walk(tree):
        for target in _targets(node):
            yield from _of_target(target, origins)
        yield from _of_shadow(node)
        if isinstance(node, ast.Compare) and _asks_for_a_type(node, origins):
            yield "types"
        if isinstance(node, ast.Subscript) and origins.of(node.value) == "os.environ":
            yield "environment"
    for call in calls:
        yield from _of_call(call, origins)
    seeded = [call for call in calls if origins.of(call.func) in _SEEDS]
    if len(seeded) > 1 or (seeded and not _draws(calls, origins)):
        yield "random"


def _asks_for_a_type(node: ast.Compare, origins: _Origins) -> bool:
    """Whether `type(x)` is compared with a class of the solution."""
    sides = [node.left, *node.comparators]
    typed = (
        isinstance(side, ast.Call) and isinstance(side.func, ast.Name) and side.func.id == "type" for side in sides
    )
    return any(typed) and any(origins.of(side).startswith(f"{_SOLUTION}.") for side in sides)


def _draws(calls: Collection[ast.Call], origins: _Origins) -> bool:
    """Whether the check draws random numbers itself, so that its seed may be for these."""
    found = (origins.of(call.func) for call in calls)
    return any(name.startswith(("random.", "numpy.random.")) and name not in _SEEDS for name in found)


def _targets(node: ast.AST) -> Iterator[ast.expr]:
    """What a statement assigns to or deletes."""
    match node:
        case ast.Assign(targets=targets) | ast.Delete(targets=targets):
            found = targets
        case ast.AugAssign(target=target) | ast.AnnAssign(target=target) | ast.For(target=target):
            found = [target]
        case _:
            found = []
    for each in found:
        yield from each.elts if isinstance(each, ast.Tuple | ast.List) else [each]


def _of_target(target: ast.expr, origins: _Origins) -> Iterator[Kind]:
    inner = target.value if isinstance(target, ast.Attribute | ast.Subscript) else None
    if inner is None:
        return
    whole, holder = origins.of(target), origins.of(inner)
    if holder.startswith(_SOLUTION):
        return  # a stand-in passes it on
    if stream := _STREAMS.get(whole) or _STREAMS.get(holder):
        yield stream
    elif holder and ("()" not in holder or holder.startswith(_SHARED_CONTEXTS)):
        yield "patches"


def _of_shadow(node: ast.AST) -> Iterator[Kind]:
    """A function put in the place of a builtin one."""
    match node:
        case ast.FunctionDef(name=name) if name in _BUILTINS:
            yield _shadowed(name)
        case ast.Assign(targets=[ast.Name(id=name)], value=ast.Lambda()) if name in _BUILTINS:
            yield _shadowed(name)


def _shadowed(name: str) -> Kind:
    return "input" if name == "input" else "printed" if name == "print" else "files"


def _of_call(call: ast.Call, origins: _Origins) -> Iterator[Kind]:
    name = origins.of(call.func)
    if isinstance(call.func, ast.Name) and not name:
        name = call.func.id
    if name in ("setattr", "delattr") and call.args and (holder := origins.of(call.args[0])):
        yield from () if holder.startswith(_SOLUTION) else (_STREAMS.get(holder, "patches"),)
    if isinstance(call.func, ast.Attribute) and call.func.attr in _METHODS:
        yield _METHODS[call.func.attr]
    for kind, known in _CALLS.items():
        if any(name == each or (each.endswith(".") and name.startswith(each)) for each in known):
            yield kind
    if name in _RUNS and any(origins.of(part).startswith(_SOLUTION) for part in ast.walk(call)):
        yield "evaluates"
    if name.startswith(("unittest.mock.patch", "mock.patch")):
        yield "mocks"
