"""`replay:RUN`: the replies of an earlier run, without asking anyone.

The run's journal is searched by what was asked (messages and options) in the same role, whichever model
answered then; `replay:RUN#SPEC` takes the replies of one of several models, such as one judge of a panel.
"""

from __future__ import annotations

from pathlib import Path

from dialogue_sim.errors import ConfigError
from dialogue_sim.models.base import Message, Options, Reply, Role, Usage
from dialogue_sim.models.calls import call_keys
from dialogue_sim.models.errors import FatalError
from dialogue_sim.models.journal import Journal
from dialogue_sim.models.settings import ModelSettings


def open_model(name: str, settings: ModelSettings, role: Role) -> ReplayModel:
    """The model behind `replay:NAME`, in one role.

    Raises:
        ConfigError: there is no run in that folder, it has no calls of this role, or those of several models.
    """
    folder, _, wanted = name.partition("#")
    journal = Journal(Path(folder).expanduser(), read_only=True)
    specs = sorted({spent.spec for spent in journal.usage() if spent.role == role})
    if not specs:
        raise ConfigError(f"that run has no {role} calls to replay", where=f"replay:{name}")
    if wanted and wanted not in specs:
        raise ConfigError(f"that run's {role} was {', '.join(specs)}", where=f"replay:{name}")
    if not wanted and len(specs) > 1:
        raise ConfigError(
            f"that run has {len(specs)} {role} models",
            where=f"replay:{name}",
            mend=f"write `replay:{folder}#{specs[0]}`",
        )
    return ReplayModel(f"replay:{name}", journal, role, wanted or specs[0])


class ReplayModel:
    """Replies out of a journal. It counts no tokens: that run paid for them."""

    def __init__(self, spec: str, journal: Journal, role: Role, answered_by: str) -> None:
        self.spec = spec
        self._journal, self._role, self._answered_by = journal, role, answered_by

    async def chat(self, messages: list[Message], options: Options) -> Reply:
        """Replay. Raises FatalError when the run was never asked this."""
        ask = call_keys(self.spec, messages, options).ask
        reply = await self._journal.find_asked(ask, self._role, self._answered_by)
        if reply is None:
            raise FatalError(
                f"{self.spec} was never asked this",
                mend="replay needs the same cases, prompts, seeds and options as that run",
            )
        return reply.model_copy(update={"usage": Usage()})

    async def close(self) -> None:
        """Close the journal. May be called more than once."""
        self._journal.close()
