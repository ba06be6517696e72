"""Keeps the ways of working moving while a run goes on: proposals go on trial, trials come to their end."""

from dataclasses import dataclass

import structlog

from memory.beginnings import PromptFiles
from memory.blueprints import Blueprint, BlueprintRevisionProposal, blueprint_id
from memory.events import RevisionAdopted, RevisionDropped, RevisionProposed, RevisionRefused
from memory.memory_manager import MemoryManager
from memory.replies import RememberingModel
from trainer.blueprint_revision import Refused, family_to_revise, generate_blueprint_revision
from trainer.blueprint_trials import due_endings, trials_on
from utils.completions import Completion, Model, Reply
from utils.errors import Interrupted, ModelFault
from utils.files import file_stem
from utils.ids import derived
from utils.settings import Settings

log = structlog.get_logger()


@dataclass(slots=True)
class _Counted:
    """A model whose tokens are counted."""

    model: Model
    tokens: int = 0

    @property
    def name(self) -> str:
        return self.model.name

    def complete(self, completion: Completion) -> Reply:
        reply = self.model.complete(completion)
        self.tokens += reply.usage.prompt_tokens + reply.usage.completion_tokens
        return reply


class Revising:
    """The one that proposes and concludes; does nothing where the settings want no trials."""

    def __init__(
        self, memory: MemoryManager, model: Model, settings: Settings, *, words: PromptFiles, seed: int
    ) -> None:
        """`words` are the prompt files of a revised blueprint; `seed` is the memory's."""
        self._memory, self._model, self._settings = memory, model, settings
        self._words, self._seed = words, seed

    def end_trials(self) -> list[str]:
        """Log which trials end before the next unit is decided; the same in words.

        Raises:
            StorageFault: it cannot be logged.
        """
        told = []
        for ending in due_endings(self._memory.state) if trials_on(self._settings) else []:
            challenger = self._memory.state.blueprints.trials[ending.trial - 1].challenger
            self._memory.append([ending])
            told.append(_in_words(challenger, ending))
        return told

    def propose(self) -> str:
        """Ask for a change where one is due, and put it on trial; what came of it in words, empty for nothing.

        A model that is away, or a person who asks to stop meanwhile, costs nothing: the same is asked at the next look
        back.

        Raises:
            StorageFault: the answer cannot be kept.
        """
        state = self._memory.state
        family = family_to_revise(state) if trials_on(self._settings) else None
        if family is None:
            return ""
        number = len(state.blueprints.trials) + state.blueprints.refusals + 1
        folder = self._memory.folder / "code_archive" / file_stem(blueprint_id(family)) / f"proposal-{number:04d}"
        model = _Counted(RememberingModel(self._model, folder))
        try:
            found = generate_blueprint_revision(
                model,
                state,
                family,
                settings=self._settings,
                seed=derived(self._seed, "blueprint revision", number),
            )
        except (ModelFault, Interrupted) as fault:
            log.warning("blueprint.no_proposal", why=str(fault))
            return ""
        if isinstance(found, Refused):
            refused = RevisionRefused(family=family, why=found.why, by=model.name, tokens=model.tokens)
            self._memory.append([refused])
            return f"a proposed way of working was refused: {found.why}"
        return self._begin(found, tokens=model.tokens)

    def _begin(self, proposal: BlueprintRevisionProposal, *, tokens: int) -> str:
        book = self._memory.state.blueprints
        base, name = book.used_for(proposal.family), blueprint_id(proposal.family)
        assert base is not None  # it was asked with it
        blueprint = Blueprint(
            id=name,
            version=book.next_version(name),
            title=proposal.title,
            prompts=self._words.names,
            prompts_sha256=self._words.sha256,
            family=proposal.family,
            way=proposal.way,
            revised=True,
        )
        word = RevisionProposed(
            trial=len(book.trials) + 1,
            proposal=proposal,
            blueprint=blueprint,
            base=base.key,
            by=self._model.name,
            tokens=tokens,
        )
        self._memory.append([word])
        return f"{blueprint.key} is on trial against {base.key}: {proposal.title}"


def _in_words(challenger: Blueprint, ending: RevisionAdopted | RevisionDropped) -> str:
    if isinstance(ending, RevisionAdopted):
        return f"{challenger.key} is proven better and used from now on: {challenger.title}"
    return f"{challenger.key} is dropped: {ending.why}"
