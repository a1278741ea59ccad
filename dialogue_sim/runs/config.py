"""What a run is: who plays which role, over which cases, how often, judged by what.

A run is one YAML file (`dialogue-sim run CONFIG.yaml`), the same fields as flags, or `RunConfig` in
Python. Keys never stand in it; `api_key_env` names the environment variable that holds one.
"""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from dialogue_sim import yamlio
from dialogue_sim.errors import ConfigError
from dialogue_sim.models.settings import ModelSettings
from dialogue_sim.roles.doctor import Style
from dialogue_sim.roles.patient import PatientSettings

SCHEMA = "dialogue-sim/run/1"

# What changes nothing about a reply, only how fast or from where it comes.
_OPERATIONAL = {
    "base_url",
    "api_key_env",
    "timeout_s",
    "attempts",
    "concurrency",
    "rpm",
    "tpm",
    "engine",
    "price",
}


class DoctorConfig(ModelSettings):
    """The model under test. `style` None: guided for `embedded`, chat for all others."""

    model: str
    style: Style | None = None


class PatientConfig(PatientSettings, ModelSettings):
    """The patient: `record`, or a model with its selector, voice, guard and persona."""


class JudgeConfig(ModelSettings):
    """One judge of the panel: `lexicon`, or a model."""

    model: str
    items_per_call: Annotated[int, Field(ge=1, le=12)] | None = None


class Limits(BaseModel):
    """Where to stop. `money` is counted in the currency of the models' `price`."""

    model_config = ConfigDict(extra="forbid")

    tokens: Annotated[int, Field(gt=0)] | None = None
    money: Annotated[float, Field(gt=0)] | None = None


class RunConfig(BaseModel):
    """Everything that says what a run is. Paths are relative to the working folder."""

    model_config = ConfigDict(extra="forbid")

    schema_: Literal["dialogue-sim/run/1"] = Field(default="dialogue-sim/run/1", alias="schema")
    doctor: DoctorConfig
    patient: PatientConfig = PatientConfig()
    judges: Annotated[list[JudgeConfig], Field(min_length=1)] = [JudgeConfig(model="lexicon")]
    cases: list[str] = Field(
        default_factory=list, description="folders, files or ids; none means all bundled cases"
    )
    lang: Literal["zh", "en"] | None = None
    limit: Annotated[int, Field(ge=1)] | None = None
    seeds: Annotated[int, Field(ge=1, le=100)] = Field(default=1, description="replicates of every case")
    seed: Annotated[int, Field(ge=0)] = Field(
        default=0, description="the seed that all others are derived from"
    )
    votes: Annotated[int, Field(ge=1, le=25)] = Field(default=1, description="votes of every judge")
    turns: Annotated[int, Field(ge=1, le=200)] = 30
    concurrency: Annotated[int, Field(ge=1, le=10_000)] = Field(
        default=16, description="dialogues going on at once"
    )
    rubric: str = "clinical-dialogue"
    prompts: str | None = None
    dialogue_timeout_s: Annotated[float, Field(gt=0)] | None = Field(
        default=None, description="seconds until a dialogue is given up"
    )
    budget: Limits | None = None
    shard: Annotated[str, Field(pattern=r"^[1-9]\d*/[1-9]\d*$")] | None = Field(
        default=None, description="i/n: only the i-th of n parts of the run's dialogues, to be merged later"
    )
    phased: bool = Field(
        default=False, description="simulate everything and free those engines before any judge is opened"
    )
    executor: Literal["local", "ray"] = Field(
        default="local",
        description="ray: spread the dialogues over a Ray cluster (RAY_ADDRESS, or this machine)",
    )
    workers: Annotated[int, Field(ge=1)] | None = Field(
        default=None, description="workers of executor ray; None means one a CPU of the cluster"
    )
    worker_gpus: Annotated[float, Field(ge=0)] = Field(
        default=0, description="GPUs that each worker of executor ray needs, for models that run in it"
    )
    allow_same_family: bool = Field(
        default=False, description="let a judge of the doctor's own model family judge; flagged in the report"
    )
    out: str | None = None

    @model_validator(mode="after")
    def _money_has_a_price(self) -> RunConfig:
        models = [self.doctor, self.patient, *self.judges]
        if self.budget and self.budget.money and not any(settings.price for settings in models):
            raise ValueError(
                "a budget in money needs prices: give `price: {prompt: …, completion: …}` (per million tokens) to the models"
            )
        return self

    @model_validator(mode="after")
    def _no_password_in_an_address(self) -> RunConfig:
        # A run's configuration is written into its folder, so what is secret must not come this far.
        for settings in (self.doctor, self.patient, *self.judges):
            if "@" in urlsplit(settings.base_url or "").netloc:
                raise ValueError("base_url holds a password; keys come from the environment (api_key_env)")
        return self

    @model_validator(mode="after")
    def _shard_is_one_of_them(self) -> RunConfig:
        if self.shard and self.part()[0] > self.part()[1]:
            raise ValueError(f"there is no part {self.shard}")
        return self

    def part(self) -> tuple[int, int]:
        """Which part of how many this run is, counted from 1; a whole run is part 1 of 1."""
        number, _, parts = (self.shard or "1/1").partition("/")
        return int(number), int(parts)

    def doctor_style(self) -> Style:
        """The style the doctor is asked in."""
        if self.doctor.style:
            return self.doctor.style
        return "guided" if self.doctor.model.split(":")[0] == "embedded" else "chat"

    def simulation(self) -> dict[str, Any]:
        """The part that decides what is said, as plain data. Two runs with equal parts may share dialogues."""
        plain = self.model_dump(mode="json")
        return {
            "doctor": {**_without(plain["doctor"]), "style": self.doctor_style()},
            "patient": _without(plain["patient"]),
            "seeds": self.seeds,
            "seed": self.seed,
            "turns": self.turns,
        }

    def judging(self) -> dict[str, Any]:
        """The part that decides how it is marked."""
        plain = self.model_dump(mode="json")
        return {"judges": [_without(judge) for judge in plain["judges"]], "votes": self.votes}

    def default_out(self, fingerprint: str) -> Path:
        """`runs/<doctor>-<fingerprint>`: the same command finds its own run again."""
        name = re.sub(r"[^\w.-]+", "-", self.doctor.model).strip("-.")[:48]
        part = f"-part-{self.shard.replace('/', '-of-')}" if self.shard else ""
        return Path("runs") / f"{name}-{fingerprint[:8]}{part}"


def _without(settings: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in settings.items() if key not in _OPERATIONAL}


def load_config(path: Path, overrides: dict[str, Any] | None = None) -> RunConfig:
    """Read a run configuration; `overrides` (the command line's flags) win over the file.

    Raises:
        ConfigError: with file, line and field.
    """
    document = yamlio.read(path, ConfigError)
    if not isinstance(document.data, dict):
        raise ConfigError(
            "is not a run configuration", where=str(path), mend="start from examples/demo/run.yaml"
        )
    merged = yamlio.Document(document.path, merge(document.data, overrides or {}), document.lines)
    return yamlio.validate(merged, RunConfig, ConfigError)


def config_from_flags(flags: dict[str, Any]) -> RunConfig:
    """A configuration from flags alone. Raises ConfigError."""
    try:
        return RunConfig.model_validate(flags)
    except ValidationError as failure:
        detail = failure.errors(include_url=False)[0]
        field = ".".join(str(part) for part in detail["loc"])
        mend = (
            "name the model under test: --doctor openai:MODEL, --doctor embedded, --doctor scripted:expert"
            if field == "doctor"
            else ""
        )
        raise ConfigError(detail["msg"].removeprefix("Value error, "), where=field, mend=mend) from None


def merge(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """`base` with the values of `over`; mappings are merged, everything else is replaced."""
    merged = dict(base)
    for key, value in over.items():
        both = isinstance(value, dict) and isinstance(merged.get(key), dict)
        merged[key] = merge(merged[key], value) if both else value
    return merged


def fingerprint(*parts: Any) -> str:
    """SHA-256 of plain data (64 hex digits)."""
    return hashlib.sha256(json.dumps(parts, ensure_ascii=False, sort_keys=True).encode()).hexdigest()
