"""A learner's course of attempts under one way of choosing, and what came of many."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from statistics import mean

from benchmarks.curriculum.bandits import AbsoluteZero, LearningProgress, LevelReplay
from benchmarks.curriculum.baselines import AtRandom, Elo, MakesPicker, Staircase
from benchmarks.curriculum.learners import KINDS, SCALE, Learner
from benchmarks.curriculum.product import BuilderTrainer
from benchmarks.curriculum.world import world_of

ATTEMPTS, EVERY = 1000, 25
OURS = "builder-trainer"
POLICIES: Mapping[str, MakesPicker] = {
    OURS: BuilderTrainer,
    "Elo": Elo,
    "staircase": Staircase,
    "level replay": LevelReplay,
    "learning progress": LearningProgress,
    "Absolute Zero": AbsoluteZero,
    "random": AtRandom,
}

Path = Sequence[float]
"""Success on the benchmark before the first attempt and after every 25."""


@dataclass(frozen=True, slots=True)
class Course:
    """What is run: a way of choosing, a kind of learner, a world's seed."""

    policy: str
    kind: str
    seed: int
    attempts: int = ATTEMPTS
    scale: float = SCALE


@dataclass(frozen=True, slots=True)
class Outcome:
    """A way of choosing with its paths: for each kind of learner, one for each seed."""

    policy: str
    paths: Mapping[str, Sequence[Path]]

    def after(self, attempts: int, kind: str | None = None) -> float:
        """Mean success, 0..1, after so many attempts (a multiple of 25) of one kind of learner or of all alike."""
        kinds = self.paths if kind is None else (kind,)
        return mean(mean(path[attempts // EVERY] for path in self.paths[each]) for each in kinds)

    @property
    def on_the_way(self) -> float:
        """Mean success over all paths, 0..1: who gets there sooner has more."""
        return mean(mean(mean(path) for path in paths) for paths in self.paths.values())


def run(course: Course) -> Path:
    """Its path."""
    world = world_of(course.seed)
    learner = Learner(world, KINDS[course.kind], scale=course.scale)
    picker = POLICIES[course.policy](world.items, course.seed)
    path = [learner.success]
    for number in range(1, course.attempts + 1):
        item = world.items[picker.pick()]
        picker.note(item.number, passed=learner.attempt(item))
        if number % EVERY == 0:
            path.append(learner.success)
    return path


def outcome(
    policy: str, seeds: range, *, attempts: int = ATTEMPTS, scale: float = SCALE, processes: int = 2
) -> Outcome:
    """All kinds of learners in the worlds of these seeds."""
    courses = [Course(policy, kind, seed, attempts, scale) for kind in KINDS for seed in seeds]
    paths, count = _run_all(courses, processes), len(seeds)
    return Outcome(policy, {kind: paths[place * count : (place + 1) * count] for place, kind in enumerate(KINDS)})


def _run_all(courses: Sequence[Course], processes: int) -> list[Path]:
    if processes == 1:
        return [run(course) for course in courses]
    with ProcessPoolExecutor(processes) as pool:
        return list(pool.map(run, courses))
