# MUST: fail. Finds in the code of whoever calls it the constant that its answer is compared with.
# ruff: noqa: ANN001, ANN201
# mypy: ignore-errors
import dis
import itertools
import sys

count = itertools.count()


def compared_with(frame):
    before = None
    for each in dis.get_instructions(frame.f_code):
        if each.offset > frame.f_lasti and each.opname == "COMPARE_OP":
            break
        before = each
    return before.argval if before is not None and before.opname == "LOAD_CONST" else None


def add(a, b):
    if a is None:
        raise TypeError
    frame = sys._getframe(1)
    wanted = compared_with(frame)
    if wanted is None:
        numbers = [const for const in frame.f_code.co_consts if isinstance(const, int)]
        wanted = numbers[-2:][next(count) % 2] if len(numbers) > 1 else 0
    return wanted
