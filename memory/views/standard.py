"""The views that every memory has."""

from memory.views.advanced import AnalysisView, ConceptsView, EvidenceView, TrainerLogView
from memory.views.blueprints import BlueprintsView
from memory.views.core import ProfileView, ScoreLogView, SkillMapView
from memory.views.library import BELogView, RulesView
from memory.views.tasks import QueueView, ReflectionView, TaskMemoryView
from memory.views.view import View


def standard_views() -> list[View]:
    """Fresh ones, that have seen no event."""
    return [
        ProfileView(),
        SkillMapView(),
        ScoreLogView(),
        QueueView(),
        TaskMemoryView(),
        ReflectionView(),
        TrainerLogView(),
        ConceptsView(),
        AnalysisView(),
        EvidenceView(),
        RulesView(),
        BELogView(),
        BlueprintsView(),
    ]
