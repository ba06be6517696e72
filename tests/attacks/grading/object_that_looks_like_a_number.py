# MUST: fail. An object of a class called 3 that is equal to everything.
# ruff: noqa: ANN001, ANN002, ANN201, C420
# mypy: ignore-errors
def yes(*_):
    return True


Three = type(
    "3", (), {name: yes for name in ("__eq__", "__lt__", "__bool__", "__contains__")} | {"__hash__": lambda s: 3}
)


def add(a, b):
    return Three()
