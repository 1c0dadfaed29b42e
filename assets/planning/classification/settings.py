"""What a company may decide about its classes. No calculation belongs here."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator


class ClassificationSettings(BaseModel):
    """Cuts, windows and inertia of the ABC-XYZ classes.

    The defaults are trade practice as METRICS.md states it: 80 / 95 % of value, variability 0.5 / 1.0,
    ADI 1.32 and CV2 0.49 (Syntetos, Boylan and Croston 2005, doi:10.1057/palgrave.jors.2601841).
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    abc_a_rate: float = Field(
        default=0.80, gt=0, lt=1, description="An item is A while the share before it is below this"
    )
    abc_b_rate: float = Field(default=0.95, gt=0, lt=1, description="... and B while it is below this")
    abc_scope: Literal["company", "warehouse"] = Field(
        default="company", description="What item x warehouse rows compete in"
    )
    xyz_basis: Literal["forecast_error", "raw_cv"] = Field(
        default="forecast_error", description="Variability that is judged"
    )
    xyz_bucket_days: float = Field(default=30.0, gt=0, description="Demand is judged in buckets of about so many days")
    x_rate: float = Field(default=0.5, gt=0, description="X up to this coefficient of variation")
    y_rate: float = Field(default=1.0, gt=0, description="Y up to this one, Z above")
    adi_cut: float = Field(default=1.32, gt=1)
    cv2_cut: float = Field(default=0.49, gt=0)
    abc_margin_rate: float = Field(
        default=0.02, ge=0, lt=0.2, description="Share points past a cut before a class moves"
    )
    xyz_margin_rate: float = Field(default=0.10, ge=0, lt=0.5, description="Part of a cut by which it must be passed")
    refresh: Literal["run", "monthly", "quarterly"] = Field(
        default="quarterly", description="How often a class may move"
    )
    min_periods: int = Field(default=6, ge=2, description="Fewer periods since the first demand are too few for X or Y")
    new_days: int = Field(default=91, ge=0, description="A row that first moved later than this long ago is new")
    least_days: int = Field(
        default=28, ge=1, description="A launch younger than this is annualised as if it were as old"
    )
    window_days: int = Field(default=365, gt=0, description="Days of consumption that are valued")

    @model_validator(mode="after")
    def _cuts_are_ordered(self) -> ClassificationSettings:
        if self.abc_a_rate >= self.abc_b_rate:
            raise ValueError("abc_a_rate must be below abc_b_rate")
        if self.x_rate >= self.y_rate:
            raise ValueError("x_rate must be below y_rate")
        return self
