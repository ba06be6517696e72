"""Honest rewritings of a right program: the same answers, written as other people might have written it.

Each way takes the tree of a module and changes it in place; it says whether it found anything to change. Not covered:
whether the program is still right. That is asked of plain Python, as a subclass of dict is no longer neutral where the
class is asked for its truth.
"""

import ast
import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from utils.python_source import parse_python

Function = ast.FunctionDef
NOT_OURS = frozenset({"_replace", "_asdict", "_fields", "_make"})


@dataclass(frozen=True, slots=True)
class Rewriting:
    """The same program in another way."""

    way: str
    source: str


def rewritings(source: str, public: tuple[str, ...]) -> list[Rewriting]:
    """The program in each way that changes anything; `public` are the names that keep their meaning for others."""
    found = []
    for name, way in WAYS.items():
        tree = copy.deepcopy(parse_python(source))
        if way(tree, public):
            found.append(Rewriting(name, ast.unparse(ast.fix_missing_locations(tree)) + "\n"))
    return found


def _statements(text: str) -> list[ast.stmt]:
    return ast.parse(text).body


def _functions(tree: ast.Module, public: tuple[str, ...]) -> list[Function]:
    """The functions of the module that others call."""
    return [each for each in tree.body if isinstance(each, Function) and each.name in public]


def _classes(tree: ast.Module) -> list[ast.ClassDef]:
    return [each for each in tree.body if isinstance(each, ast.ClassDef) and not each.bases]


def _replace(tree: ast.Module, old: ast.stmt, new: list[ast.stmt]) -> None:
    at = tree.body.index(old)
    tree.body[at : at + 1] = new


def _blocks(tree: ast.AST) -> Iterator[list[ast.stmt]]:
    """Every list of statements."""
    for node in ast.walk(tree):
        for _, value in ast.iter_fields(node):
            if isinstance(value, list) and value and isinstance(value[0], ast.stmt):
                yield value


def _subclass(base: str) -> Callable[[ast.Module, tuple[str, ...]], bool]:
    """Each class without a base derives from a builtin one."""

    def way(tree: ast.Module, _public: tuple[str, ...]) -> bool:
        plain = _classes(tree)
        for each in plain:
            each.bases = [ast.Name(base, ast.Load())]
        return bool(plain)

    return way


def named_tuples(tree: ast.Module, _public: tuple[str, ...]) -> bool:
    """Tuples of two and more that are returned are named ones."""
    sizes = set()
    for node in ast.walk(tree):
        parts = node.value.elts if isinstance(node, ast.Return) and isinstance(node.value, ast.Tuple) else []
        if isinstance(node, ast.Return) and len(parts) > 1 and not any(isinstance(each, ast.Starred) for each in parts):
            sizes.add(len(parts))
            node.value = ast.Call(ast.Name(f"Named{len(parts)}", ast.Load()), parts, [])
    text = "from typing import NamedTuple\n"
    for size in sorted(sizes):
        fields = "".join(f"    part{number}: object\n" for number in range(size))
        text += f"class Named{size}(NamedTuple):\n{fields}"
    tree.body[:0] = _statements(text) if sizes else []
    return bool(sizes)


def dataclasses(tree: ast.Module, _public: tuple[str, ...]) -> bool:
    """Classes whose __init__ takes nothing and only sets attributes are dataclasses."""
    changed = False
    for each in _classes(tree):
        init = next((part for part in each.body if isinstance(part, Function) and part.name == "__init__"), None)
        fields = None if init is None or len(init.args.args) != 1 else _fields(init)
        if init is not None and fields:
            each.body[each.body.index(init) : each.body.index(init) + 1] = fields
            each.decorator_list = [ast.parse("dataclasses.dataclass", mode="eval").body]
            changed = True
    tree.body[:0] = _statements("import dataclasses") if changed else []
    return changed


def _fields(init: Function) -> list[ast.stmt] | None:
    fields: list[ast.stmt] = []
    for line in init.body:
        target = line.targets[0] if isinstance(line, ast.Assign) else getattr(line, "target", None)
        value = getattr(line, "value", None)
        if not isinstance(target, ast.Attribute) or value is None or any(map(_is_self, ast.walk(value))):
            return None
        text = f"{target.attr}: object = dataclasses.field(default_factory=lambda: {ast.unparse(value)})"
        fields += _statements(text)
    return fields


def _is_self(node: ast.AST) -> bool:
    return isinstance(node, ast.Name) and node.id == "self"


def callable_objects(tree: ast.Module, public: tuple[str, ...]) -> bool:
    """Functions are objects of classes with __call__."""
    for each in _functions(tree, public):
        name = f"Class_{each.name}"
        made = _statements(f"class {name}:\n    pass\n{each.name} = {name}()")
        inner = copy.deepcopy(each)
        inner.name = "__call__"
        inner.args.args.insert(0, ast.arg("self"))
        made[0].body = [inner]  # type: ignore[attr-defined]
        _replace(tree, each, made)
    return any(isinstance(each, ast.ClassDef) and each.name.startswith("Class_") for each in tree.body)


def generators(tree: ast.Module, public: tuple[str, ...]) -> bool:
    """Functions that give lists collect what a generator yields."""
    changed = False
    for each in _functions(tree, public):
        if each.returns is None or not ast.unparse(each.returns).startswith("list"):
            continue
        inner = copy.deepcopy(each)
        inner.name = f"_found_by_{each.name}"
        text = f"def _each_of_{each.name}(*args, **named):\n    yield from {inner.name}(*args, **named)"
        each.body = _statements(f"def _():\n    return list(_each_of_{each.name}({_handed_on(each)}))")[0].body  # type: ignore[attr-defined]
        _replace(tree, each, [inner, *_statements(text), each])
        changed = True
    return changed


def _handed_on(function: Function) -> str:
    args = function.args
    return ", ".join([each.arg for each in args.args] + [f"{each.arg}={each.arg}" for each in args.kwonlyargs])


def helpers(tree: ast.Module, public: tuple[str, ...]) -> bool:
    """Functions hand their arguments on to helpers that do the work."""
    functions = _functions(tree, public)
    for each in functions:
        inner = copy.deepcopy(each)
        inner.name = f"_do_{each.name}"
        each.body = _statements(f"def _():\n    return {inner.name}({_handed_on(each)})")[0].body  # type: ignore[attr-defined]
        _replace(tree, each, [inner, each])
    return bool(functions)


def names(tree: ast.Module, public: tuple[str, ...]) -> bool:
    """Local variables, and everything whose name begins with an underscore, are called otherwise."""
    changed = _rename_locals(tree)
    for node in ast.walk(tree):
        for field in ("id", "attr", "name"):
            old = getattr(node, field, None)
            if isinstance(old, str) and _is_private(old) and old not in public:
                setattr(node, field, f"_own{old}")
                changed = True
    return changed


def _is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__") and len(name) > 1 and name not in NOT_OURS


def _rename_locals(tree: ast.Module) -> bool:
    changed = False
    for function in [node for node in ast.walk(tree) if isinstance(node, Function)]:
        inside = list(ast.walk(function))
        if any(isinstance(node, ast.ClassDef | ast.Global | ast.Nonlocal | ast.Lambda) for node in inside):
            continue
        stored = {node.id for node in inside if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
        stored -= {node.arg for node in inside if isinstance(node, ast.arg)}
        stored -= {node.name for node in inside if isinstance(node, Function)}
        for node in inside:
            if isinstance(node, ast.Name) and node.id in stored:
                node.id = f"the_{node.id}"
                changed = True
    return changed


def imports(tree: ast.Module, _public: tuple[str, ...]) -> bool:
    """`import m` becomes `from m import x as m_x`, and the other way round."""
    changed = False
    for each in list(tree.body):
        if isinstance(each, ast.Import) and each.names[0].asname is None and "." not in each.names[0].name:
            changed |= _import_parts(tree, each, each.names[0].name)
        elif isinstance(each, ast.ImportFrom) and each.module and each.module != "__future__":
            _import_whole(tree, each, each.module)
            changed = True
    return changed


def _import_parts(tree: ast.Module, line: ast.Import, module: str) -> bool:
    class Parts(ast.NodeTransformer):
        used: set[str] = set()  # noqa: RUF012  one walk

        def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
            self.generic_visit(node)
            if isinstance(node.value, ast.Name) and node.value.id == module:
                self.used.add(node.attr)
                return ast.Name(f"{module}_{node.attr}", node.ctx)
            return node

    if len(line.names) > 1:
        return False
    parts = Parts()
    parts.visit(tree)
    aliases = [ast.alias(name, f"{module}_{name}") for name in sorted(parts.used)]
    _replace(tree, line, [ast.ImportFrom(module, aliases, 0)])
    return True


def _import_whole(tree: ast.Module, line: ast.ImportFrom, module: str) -> None:
    alias = f"own_{module.replace('.', '_')}"
    names = {each.asname or each.name: each.name for each in line.names}

    class Whole(ast.NodeTransformer):
        def visit_Name(self, node: ast.Name) -> ast.AST:
            if node.id not in names:
                return node
            return ast.Attribute(ast.Name(alias, ast.Load()), names[node.id], node.ctx)

    Whole().visit(tree)
    _replace(tree, line, [ast.Import([ast.alias(module, alias)])])


def loops(tree: ast.Module, _public: tuple[str, ...]) -> bool:
    """A list that is returned as it is comprehended is collected in a loop."""
    changed = False
    for block in list(_blocks(tree)):
        last = block[-1]
        if isinstance(last, ast.Return) and isinstance(last.value, ast.ListComp):
            comp = last.value
            body: list[ast.stmt] = _statements(f"collected.append({ast.unparse(comp.elt)})")
            for generator in reversed(comp.generators):
                for test in reversed(generator.ifs):
                    body = [ast.If(test, body, [])]
                body = [ast.For(generator.target, generator.iter, body, [], None)]
            block[-1:] = [*_statements("collected = []"), *body, ast.Return(ast.Name("collected", ast.Load()))]
            changed = True
    return changed


def early_returns(tree: ast.Module, _public: tuple[str, ...]) -> bool:
    """`return a if c else b` becomes two returns."""
    changed = False
    for block in list(_blocks(tree)):
        last = block[-1]
        if isinstance(last, ast.Return) and isinstance(last.value, ast.IfExp):
            choice = last.value
            block[-1:] = [ast.If(choice.test, [ast.Return(choice.body)], []), ast.Return(choice.orelse)]
            changed = True
    return changed


WAYS: dict[str, Callable[[ast.Module, tuple[str, ...]], bool]] = {
    "subclass of dict": _subclass("dict"),
    "subclass of list": _subclass("list"),
    "NamedTuple": named_tuples,
    "dataclass": dataclasses,
    "__call__": callable_objects,
    "generator": generators,
    "helpers": helpers,
    "other names": names,
    "other imports": imports,
    "loops": loops,
    "early returns": early_returns,
}
