"""The cast: opens the models behind the roles once, and gives every dialogue its own doctor and patient."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from dialogue_sim.cases import Case, doctor_view, examiner_view, guarded_terms, patient_view
from dialogue_sim.errors import ConfigError
from dialogue_sim.judging.judges import Judge
from dialogue_sim.judging.lexicon import LexiconJudge
from dialogue_sim.judging.model_judge import ModelJudge
from dialogue_sim.models.base import ChatModel, Role
from dialogue_sim.models.budget import Budget
from dialogue_sim.models.caches import cache_tokens
from dialogue_sim.models.calls import CallStore, JournaledModel
from dialogue_sim.models.check import preflight
from dialogue_sim.models.limits import Limiter
from dialogue_sim.models.registry import open_model
from dialogue_sim.models.settings import ModelSettings
from dialogue_sim.prompts import Prompts
from dialogue_sim.roles.doctor import Doctor, ModelDoctor
from dialogue_sim.roles.examiner import Examiner
from dialogue_sim.roles.patient import Patient, PatientSettings, open_patient
from dialogue_sim.roles.scripted import GRADES, ScriptedDoctor
from dialogue_sim.runs.config import DoctorConfig, JudgeConfig, PatientConfig, RunConfig
from dialogue_sim.runs.room import Cache


class Cast:
    """The roles of a run. Roles that name the same model with the same settings share one instance and its limits.

    Attributes:
        caches: of the opened engines that tell how much they hold.
    """

    def __init__(self, config: RunConfig, prompts: Prompts, journal: CallStore) -> None:
        self._config, self._prompts, self._journal = config, prompts, journal
        self._models: dict[str, tuple[ChatModel, Limiter]] = {}
        self.caches: list[Cache] = []
        self._budget = _budget(config, journal)
        if config.doctor.model.startswith("scripted:"):
            grade_of(config.doctor.model)

    async def open(self, roles: Sequence[Role]) -> None:
        """Open the models behind these roles and make sure each answers, before the first dialogue.

        Raises:
            ConfigError: unknown scheme, missing key, missing package.
            ModelError: a model does not answer.
        """
        wanted: list[tuple[str, ModelSettings, Role]] = []
        if "doctor" in roles and not self._config.doctor.model.startswith("scripted:"):
            wanted.append((self._config.doctor.model, self._config.doctor, "doctor"))
        if "patient" in roles and self._config.patient.model != "record":
            wanted.append((self._config.patient.model, self._config.patient, "patient"))
        if "judge" in roles:
            wanted += [
                (judge.model, judge, "judge") for judge in self._config.judges if judge.model != "lexicon"
            ]
        players: dict[str, list[Role]] = {}
        for spec, settings, role in wanted:
            key = _key(spec, settings)
            players.setdefault(key, []).append(role)
            if key not in self._models:
                model = open_model(spec, _model_settings(settings), role=role)
                self._models[key] = model, Limiter.of(settings)
                await preflight(model)
        self.caches = []
        for key, played in players.items():
            if tokens := await cache_tokens(self._models[key][0]):
                self.caches.append(Cache(tokens, tuple(role for role in played if role != "judge")))

    def doctor(self, case: Case, replicate: int) -> Doctor:
        """The doctor of one dialogue."""
        config = self._config.doctor
        if config.model.startswith("scripted:"):
            return ScriptedDoctor(grade_of(config.model), case)
        return ModelDoctor(
            self._model(config.model, config, "doctor", dialogue_id(case, replicate)),
            doctor_view(case),
            self._prompts,
            options=config.options,
            style=self._config.doctor_style(),
            seed=self.seed(case, replicate),
        )

    def patient(self, case: Case, replicate: int) -> Patient:
        """The patient of one dialogue."""
        config = self._config.patient
        model = None
        if config.model != "record":
            model = self._model(config.model, config, "patient", dialogue_id(case, replicate))
        settings = PatientSettings.model_validate(
            {name: getattr(config, name) for name in PatientSettings.model_fields}
        )
        return open_patient(
            patient_view(case), settings, guarded_terms=guarded_terms(case), prompts=self._prompts,
            seed=self.seed(case, replicate), model=model,
        )  # fmt: skip

    def examiner(self, case: Case) -> Examiner:
        """The examiner of one dialogue."""
        return Examiner(examiner_view(case))

    def judges(self, dialogue: str) -> list[Judge]:
        """The panel for one dialogue."""
        return [self._judge(config, dialogue) for config in self._config.judges]

    def seed(self, case: Case, replicate: int) -> int:
        """The seed of one dialogue."""
        return dialogue_seed(self._config.seed, case, replicate)

    async def close(self) -> None:
        """Free what the models hold."""
        for model, _ in self._models.values():
            await model.close()
        self._models.clear()

    def _judge(self, config: JudgeConfig, dialogue: str) -> Judge:
        if config.model == "lexicon":
            return LexiconJudge()
        model = self._model(config.model, config, "judge", dialogue)
        # A small model judges better one item at a time.
        one_by_one = 1 if config.model.split(":")[0] == "embedded" else 6
        return ModelJudge(
            model, self._prompts, options=config.options, items_per_call=config.items_per_call or one_by_one
        )

    def _model(self, spec: str, settings: ModelSettings, role: Role, dialogue: str) -> ChatModel:
        inner, limiter = self._models[_key(spec, settings)]
        return JournaledModel(
            inner, self._journal, role=role, dialogue=dialogue, limiter=limiter, budget=self._budget,
            attempts=settings.attempts,
        )  # fmt: skip


def _budget(config: RunConfig, journal: CallStore) -> Budget:
    """The run's budget, with what earlier sessions spent already booked."""
    limits = config.budget
    players: list[DoctorConfig | PatientConfig | JudgeConfig] = [
        config.doctor,
        config.patient,
        *config.judges,
    ]
    prices = {player.model: player.price for player in players if player.price}
    budget = Budget(limits.tokens if limits else None, limits.money if limits else None, prices)
    for spent in journal.usage():
        budget.book(spent.spec, spent.usage, spent.calls)
    return budget


def dialogue_id(case: Case, replicate: int) -> str:
    """`<case id>/<replicate>`."""
    return f"{case.id}/{replicate}"


def dialogue_seed(seed: int, case: Case, replicate: int) -> int:
    """The seed of one dialogue: a function of the run's seed, the case and the replicate."""
    # A parallel pair shares its seed, so that both languages meet the same patient.
    story = min(case.id, case.parallel or case.id)
    return int.from_bytes(hashlib.sha256(f"{seed}/{story}/{replicate}".encode()).digest()[:4]) >> 1


def grade_of(spec: str) -> str:
    """The grade that `scripted:GRADE` names. Raises ConfigError."""
    grade = spec.partition(":")[2]
    if grade not in GRADES:
        raise ConfigError(
            f"there is no scripted doctor {grade!r}", where=spec, mend=f"known are: {', '.join(GRADES)}"
        )
    return grade


def _key(spec: str, settings: ModelSettings) -> str:
    return f"{spec} {_model_settings(settings).model_dump_json()}"


def _model_settings(settings: ModelSettings) -> ModelSettings:
    return ModelSettings.model_validate(
        {name: getattr(settings, name) for name in ModelSettings.model_fields}
    )
