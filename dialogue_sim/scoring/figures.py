"""What every printed figure is built from: immutable, and one JSON object with `model_dump()`."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Figures(BaseModel):
    model_config = ConfigDict(frozen=True)
