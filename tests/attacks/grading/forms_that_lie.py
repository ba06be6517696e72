# MUST: fail. Answers with forms of objects that lie about their class, base, number, and what they can be asked.
# ruff: noqa: ANN001, ANN201
# mypy: ignore-errors
import json
import sys

channel = sys.modules["__main__"].channel
ALL = ["__eq__", "__bool__", "__hash__", "__sub__", "__lt__", "__class__", "__init__", "mro", "__getattribute__", "x y"]
OF = {"of": "int", "m": "builtins", "n": "add"}
FORMS = [
    {"o": 7, **OF, "d": ALL},
    {"o": 8, **OF, "as": {"o": 7, **OF}, "d": ALL},
    {"o": 9, **OF, "as": 3, "d": ALL, "me": "__class__"},
    {"o": 10, "of": "a\0b", "d": ALL},
    {"o": 11, "of": "add", "n": ["add"], "d": [["__eq__"]], "c": {}},
    {"o": 12, "of": "add", "d": 5},
    {"o": True, "of": "add"},
    {"j": 10**30},
    {"fn": "exec"},
    {"deep": [{"@": 1}, {"@": 1}]},
    {"=": [0, {"==": 0}]},
]


def add(a, b):
    value = FORMS.pop(0) if FORMS else {"o": 7, **OF}
    channel.send(json.dumps({"value": value, "shared": [[0, []]], "args": [[]], "later": "x"}).encode())
    return a + b
