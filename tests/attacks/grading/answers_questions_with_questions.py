# MUST: fail. An object that answers all that it is asked with itself, true, equal, less, and never at an end.
# ruff: noqa: ANN001, ANN002, ANN003, ANN201, ANN202, ANN204
# mypy: ignore-errors
class Everything:
    def _self(self, *args, **kwargs):
        return self

    def _yes(self, *args):
        return True

    __iter__ = __next__ = __getitem__ = __call__ = __enter__ = __add__ = __sub__ = __rsub__ = __abs__ = __getattr__ = (
        _self
    )
    __eq__ = __lt__ = __gt__ = __le__ = __ge__ = __bool__ = __contains__ = __instancecheck__ = _yes

    def __len__(self):
        return 1 << 60

    def __hash__(self):
        return hash(3)


def add(a, b):
    return Everything()
