"""Which of a task's checks its Builder may be shown, and which decide unseen: split once, by what they say.

A check whose call stands in what the Builder is given anyhow counts as shown. Of the others those with the smallest
digests are kept back, so many that a third of all assertions, and two, decide unseen, and that no constant answers them
where they do not all want the same; fresh inputs are unseen. So the
split is the same in whatever order the checks stand, and one check more or less moves few others.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from memory.check_sites import Site, sites_of
from memory.shown_part import reduced
from memory.shown_text import ShownText
from memory.tasks import Task
from utils.files import sha256_hex

LEAST_UNSEEN = 2
SHARE_UNSEEN = 3
"""One in so many."""


@dataclass(frozen=True, slots=True)
class Split:
    """What decides a task: what may be shown, and what is not.

    Attributes:
        seen: assertions that may be shown, or stand in what is shown anyhow.
        unseen: assertions that no prompt may hold, inputs drawn afresh among them.
        graded: whether the task's outcome counts at all.
        hidden: the sites that are kept back.
        open_marks: (check, source) of the assertions that may be shown; an empty source: all of the check.
    """

    seen: int
    unseen: int
    graded: bool
    hidden: tuple[Site, ...]
    open_marks: frozenset[tuple[str, str]]

    @property
    def all_shown(self) -> bool:
        """Whether all that decides is shown; then an outcome is evidence of nothing."""
        return self.graded and not self.unseen

    def may_show(self, check: str, source: str) -> bool:
        """Whether an assertion of a verdict may be shown."""
        return (check, source) in self.open_marks or (check, "") in self.open_marks


@lru_cache(maxsize=1024)
def split(task: Task) -> Split:
    """The split of a task's checks."""
    sites = sites_of(task)
    hidden = frozenset() if task.show_checks else _hidden(task, sites)
    fresh = task.generator.count if task.generator and not task.show_checks else 0
    open_marks = {mark for at, site in enumerate(sites) if at not in hidden for mark in _marks(task, site)}
    closed = {mark for at in hidden for mark in _marks(task, sites[at])}
    return Split(
        seen=sum(site.assertions for at, site in enumerate(sites) if at not in hidden and site.calls != frozenset()),
        unseen=fresh + sum(sites[at].assertions for at in hidden),
        graded=task.graded,
        hidden=tuple(sites[at] for at in sorted(hidden)),
        open_marks=frozenset(open_marks - closed),
    )


@lru_cache(maxsize=256)
def shown_task(task: Task) -> Task | None:
    """The task with nothing in it but what may be shown; None if nothing may be, or nothing else decides.

    Whatever a solution says of this task's checks can be repeated to its Builder.
    """
    if task.show_checks or not task.graded:
        return task
    found = split(task)
    return reduced(task, found.hidden) if found.seen and found.unseen else None


def unseen_words(task: Task) -> str:
    """How much of what decides a graded task is never shown, for people."""
    found = split(task)
    if found.all_shown:
        return "all that decides is shown: no evidence"
    return f"{found.unseen} of {found.seen + found.unseen} assertions decide unseen"


def _marks(task: Task, site: Site) -> Iterable[tuple[str, str]]:
    match site.kind:
        case "check":
            return [(task.checks[site.index].name, source) for source in site.sources or {""}]
        case "case":
            return [(task.cases[site.index].title, "")]
        case "program":
            return [(task.check_names[site.index], "")]


def _hidden(task: Task, sites: tuple[Site, ...]) -> frozenset[int]:
    """The places of the sites that are kept back, of which there are enough where there can be."""
    given = ShownText(task)
    asking = [at for at, site in enumerate(sites) if site.calls != frozenset()]  # the others hold whatever is solved
    groups = [group for group in _groups(sites, asking) if not all(given.holds(sites[at]) for at in group)]
    groups.sort(key=lambda group: sha256_hex("\0".join(sorted(sites[at].content for at in group)).encode()))
    fresh = task.generator.count if task.generator else 0
    total = fresh + sum(sites[at].assertions for at in asking)
    wanted = max(LEAST_UNSEEN, -(-total // SHARE_UNSEEN)) - fresh
    kinds = 1 if fresh else min(2, len({sites[at].wants for group in groups for at in group}))
    hidden, count, wants = set[int](), 0, set[str]()
    for group in groups:
        if count >= wanted and (wanted <= 0 or len(wants) >= kinds):
            break
        hidden |= group
        count += sum(sites[at].assertions for at in group)
        wants |= {sites[at].wants for at in group}
    return frozenset(_closed(sites, asking, hidden, given))


def _closed(sites: tuple[Site, ...], asking: list[int], hidden: set[int], given: ShownText) -> set[int]:
    """With all that would give away something that is kept back: what is shown may not hold its calls."""
    while True:
        told = Counter(call for at in asking if at not in hidden for call in sites[at].calls or ())
        bare = [
            at for at in hidden if (calls := sites[at].calls) and all(told[call] or given.knows(call) for call in calls)
        ]
        telling = {call for at in bare for call in sites[at].calls or () if not given.knows(call)}
        more = {at for at in asking if at not in hidden and telling & (sites[at].calls or frozenset())}
        if not more:
            return hidden
        hidden |= more


def _groups(sites: tuple[Site, ...], asking: list[int]) -> list[set[int]]:
    """Sites that cannot be parted: they make the same calls, say the same, or share a value."""
    of_key, groups = dict[str, int](), dict[int, set[int]]()
    for at in asking:
        site = sites[at]
        keys = [*site.shares, site.content, *([" ".join(sorted(site.calls))] if site.calls else [])]
        mine = {at}.union(*(groups[of_key[key]] for key in keys if key in of_key))
        for each in mine:
            groups[each] = mine
        of_key |= dict.fromkeys(keys, at)
    return [group for at, group in groups.items() if at == min(group)]
