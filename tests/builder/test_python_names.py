import pytest

from builder.python_names import TopLevel, imported_modules, needed_names, tree_of


def top_level(code: str) -> TopLevel:
    tree = tree_of(code)
    assert tree is not None
    return TopLevel.of(tree)


def needed(code: str) -> set[str]:
    tree = tree_of(code)
    assert tree is not None
    return set(needed_names(tree))


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ("def f(x):\n    y = 1\n    def g(): pass\n", {"f"}),
        ("async def f(): pass", {"f"}),
        ("class A:\n    b = 1\n    def c(self): pass\n", {"A"}),
        ("a = b.c = d[0] = 1\nx: int = 2\n(p, [q, *r]) = s\nn += 1\n", {"a", "x", "p", "q", "r", "n"}),
        ("f = lambda y: (z := y)", {"f"}),
        ("x = [y for y in z]\nprint(w := 1)\n", {"x"}),
        ("if a:\n    def f(): pass\nelse:\n    g = 1\n", {"f", "g"}),
        ("try:\n    import a\nexcept ImportError:\n    a = None\n", {"a"}),
        ("for i in x:\n    with y as z:\n        w = 1\n", {"i", "z", "w"}),
        ("", set()),
    ],
)
def test_the_top_level_defines(code: str, names: set[str]) -> None:
    assert top_level(code).defined == names


def test_the_top_level_imports() -> None:
    code = "import a.b, c as d\nfrom e import f, g as h\nif x:\n    import i\ndef j():\n    import k\n"
    assert top_level(code).imported == {"a", "d", "f", "h", "i"}


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ("def f(a, *b, c=g, **d):\n    return a, b, c, d, len, f\n", {"g"}),
        ("import a.b\nfrom c import d as e\na, d, e\n", {"d"}),
        ("try:\n    x\nexcept E as e:\n    e\n", {"x", "E"}),
        ("match m:\n    case [a, *b]: a, b\n    case {1: c, **d}: c, d\n    case K(x=e) as g: e, g\n", {"m", "K"}),
        ("from a import *\nb\n", set()),
        ("@deco\nclass A(Base):\n    x: List[int]\n    def f(self): return __file__\n", {"deco", "Base", "List"}),
        ("[x for x in y if z]", {"y", "z"}),
    ],
)
def test_names_are_needed_that_nothing_binds(code: str, names: set[str]) -> None:
    assert needed(code) == names


def test_type_parameters_are_bound_where_python_has_them() -> None:
    tree = tree_of("def f[T, *Ts, **P](x: T) -> Callable[P, Ts]: pass\n")  # since Python 3.12
    assert tree is None or needed_names(tree) == {"Callable"}


def test_imported_modules_are_those_of_the_whole_code() -> None:
    code = "import os.path, re as r\nfrom . import a\nfrom b.c import d\ndef f():\n    import e\n"
    assert imported_modules(code) == ("b", "e", "os", "re")


@pytest.mark.parametrize(
    "code", ["def f(", "\0", "'\ud800'", "x = 1\n" * 20_000, f"x = '{'a' * 20_000}'", "-" * 50_000]
)
def test_what_is_no_python_or_too_long_has_no_tree(code: str) -> None:
    assert tree_of(code) is None


def test_warnings_about_the_code_are_kept_quiet() -> None:
    assert tree_of(r"x = '\d'") is not None
