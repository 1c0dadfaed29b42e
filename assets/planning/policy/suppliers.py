"""What is agreed with a supplier: the days on which it takes orders and delivers, and the feed that it is sent. Settings only."""

from __future__ import annotations

import datetime as dt
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator


class ClosedPeriod(BaseModel):
    """Days, both included, on which the supplier neither takes orders nor delivers."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    from_date: dt.date
    to_date: dt.date

    @model_validator(mode="after")
    def _in_order(self) -> ClosedPeriod:
        if self.to_date < self.from_date:
            raise ValueError("to_date is before from_date")
        return self


class SupplierCalendar(BaseModel):
    """Weekdays (0 = Monday) and closed periods of one supplier."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    supplier_id: str
    order_weekdays: tuple[int, ...] = Field(default=(0, 1, 2, 3, 4, 5, 6), min_length=1)
    delivery_weekdays: tuple[int, ...] = Field(default=(0, 1, 2, 3, 4, 5, 6), min_length=1)
    closed: tuple[ClosedPeriod, ...] = ()


class SupplierFeed(BaseModel):
    """One supplier's feed. `vmi`: stock, limits and forecast; `jit`: call-offs for each delivery."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    supplier_id: str
    kind: Literal["vmi", "jit"]
    days: int = Field(default=14, gt=0, le=366, description="How far the feed reaches")
    delivery_every_days: int = Field(default=1, gt=0, description="JIT: days between two deliveries")
