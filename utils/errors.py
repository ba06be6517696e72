"""Every exception that this program raises on purpose.

    BuilderTrainerError
    ├── InputError                what a person gave is wrong: one line, exit code 2
    ├── MemoryDamaged             the log is damaged in the middle, or belongs to a newer version
    └── Fault                     nobody's code is to blame: never a verdict, never a score
        ├── ModelFault            the model server is away, busy, stalled or talks nonsense
        │   ├── ModelRefused      it answers, but not with this set-up: a wrong key, an unknown model
        │   └── ContextOverflow   the prompt does not fit the model's context
        ├── SandboxFault          the sandbox could not start or was lost
        ├── StorageFault          a file could not be written: disk full, permissions
        ├── Interrupted           a person asked to stop while this was under way
        └── Defect                this program itself is wrong

Outcomes are data, faults are exceptions: code that crashes, times out or runs out of memory is a result
and raises nothing. A message says what happened, to what, and what to do.
"""


class BuilderTrainerError(Exception):
    """Base of everything that this program raises on purpose."""


class InputError(BuilderTrainerError):
    """What a person gave (an option, a file, a setting) is wrong; ends a command with exit code 2."""


class MemoryDamaged(BuilderTrainerError):  # noqa: N818  a state of the memory
    """The memory on disk cannot be trusted or read; names the file and the line."""


class Fault(BuilderTrainerError):  # noqa: N818  the field's word
    """Something that is no outcome of the Builder: the unit is parked, nothing is scored."""


class ModelFault(Fault):
    """The model server did not give a usable answer; trying again later may help."""


class ModelRefused(ModelFault):
    """The model server answers, but refuses this set-up; trying again unchanged will not help."""


class ContextOverflow(ModelFault):
    """The prompt and the room for the answer do not fit into the model's context."""


class SandboxFault(Fault):
    """The sandbox could not start a job or was lost while it ran."""


class StorageFault(Fault):
    """A file of the memory could not be written."""


class Interrupted(Fault):
    """A person asked to stop while this was under way."""


class Defect(Fault):
    """This program itself did something wrong; the log has the traceback."""
