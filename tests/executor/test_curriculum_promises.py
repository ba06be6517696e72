"""What goals of the curriculum promise about arguments and results, checks look at: who breaks it fails."""

from dataclasses import dataclass

import pytest

from benchmarks.plain_python import plain_flaw
from memory.task_sources import built_in_curriculum
from memory.tasks import Task

TASKS = {task.id: task for task in built_in_curriculum()}
PROMISING = [task for task in TASKS.values() if "rguments are not changed" in task.goal]
EMPTYING = """

def _emptying(function):
    import copy

    def inner(*args, **named):
        result = copy.deepcopy(function(*args, **named))
        for each in args:
            if isinstance(each, (list, dict)):
                each.clear()
        return result

    return inner


{name} = _emptying({name})
"""


@dataclass(frozen=True, slots=True)
class Sharing:
    """A reference made to hand out, or to keep, what it should not: `before` became `after`."""

    task_id: str
    before: str
    after: str

    @property
    def task(self) -> Task:
        return TASKS[self.task_id]

    @property
    def source(self) -> str:
        reference = self.task.reference or ""
        assert reference.count(self.before) == 1
        return reference.replace(self.before, self.after)


KEEPING = "self.__dict__.setdefault('kept', {{}}).setdefault({key}, {value})"
GROUP = "sorted(self._distances(name))"
HISTORY = "[cents for owner, cents in self._entries if owner == name]"
SHARING = [
    Sharing("algorithms-shared-rooms", GROUP, KEEPING.format(key="(name, repr(self._known))", value=GROUP)),
    Sharing("dates-room-calendar", "dict(rooms)", "rooms"),
    Sharing("dicts-diff-and-patch", "copy.deepcopy(values[-1])", "values[-1]"),
    Sharing("dicts-layered-settings", "copy.deepcopy(layer)", "layer"),
    Sharing("dicts-table-query", "joined.append(dict(row))", "joined.append(row)"),
    Sharing("dicts-table-query", "ordered = list(rows)", "ordered = rows"),
    Sharing(
        "lists-chunks",
        "    result = []",
        "    if size > len(items) > 0 and fill is None:\n        return [items]\n    result = []",
    ),
    Sharing("lists-line-editor", "self._lines = list(lines)", "self._lines = lines"),
    Sharing("lists-line-editor", "return list(self._lines)", "return self._lines"),
    Sharing("lists-page-numbers", '"items": shown', '"items": items if shown == items else shown'),
    Sharing("lists-spiral", "for _ in range(rows)]", "for _ in range(rows)] if columns else [[]] * rows"),
    Sharing("recursion-flatten", "    flat = []", "    if levels == 0:\n        return items\n    flat = []"),
    Sharing("recursion-number-grid", "return found[0] if", "return (grid if found[0] == grid else found[0]) if"),
    Sharing(
        "state-counting-cache",
        'return {**self._counts, "weight": self._weight()}',
        'self._counts["weight"] = self._weight()\n        return self._counts',
    ),
    Sharing("state-ledger", HISTORY, KEEPING.format(key="(name, *self._entries)", value=HISTORY)),
    Sharing("state-order-steps", "return list(self._history)", "return self._history"),
    Sharing("state-rate-limits", "list(rules)", "rules"),
]


def test_seven_goals_promise_that_arguments_are_not_changed() -> None:
    assert len(PROMISING) == 7


@pytest.mark.parametrize("task", TASKS.values(), ids=TASKS)
def test_plain_python_passes_the_reference(task: Task) -> None:
    assert plain_flaw(task, task.reference or "") == ""


@pytest.mark.parametrize("task", PROMISING, ids=lambda task: task.id)
def test_no_function_that_empties_its_arguments_keeps_the_promise(task: Task) -> None:
    reference = task.reference or ""
    sources = [reference + EMPTYING.format(name=name) for name in task.callable_names]
    assert [
        name for name, source in zip(task.callable_names, sources, strict=True) if not plain_flaw(task, source)
    ] == []


@pytest.mark.parametrize("sharing", SHARING, ids=lambda each: f"{each.task_id}: {each.before.strip()[:30]}")
def test_who_shares_what_is_not_to_be_shared_fails_the_check_that_looks_and_no_other(sharing: Sharing) -> None:
    blind = sharing.task.model_copy(update={"checks": sharing.task.checks[:-1]})
    assert plain_flaw(blind, sharing.source) == ""
    assert plain_flaw(sharing.task, sharing.source) != ""
