# MUST: fail. What the task calls add is a descriptor, and no function.
# ruff: noqa: ANN001, ANN204
# mypy: ignore-errors
class Descriptor:
    def __get__(self, instance, owner):
        return lambda a, b: a + b


add = Descriptor()
