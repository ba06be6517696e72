# MUST: fail. An object that has every attribute and method, each of which is the object again.
# ruff: noqa: ANN001, ANN002, ANN003, ANN201, ANN204
# mypy: ignore-errors
class Proxy:
    def __getattr__(self, name):
        return self

    def __call__(self, *args, **kwargs):
        return self

    def __eq__(self, other):
        return True

    def __getitem__(self, key):
        return self

    def __reduce__(self):
        return (print, ())

    __hash__ = None
    __getstate__ = __json__ = __index__ = __float__ = __array__ = __call__


def add(a, b):
    return Proxy()
