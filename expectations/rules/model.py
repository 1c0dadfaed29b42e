"""What a rule says, as it stands in YAML. No SQL here: `compile` reads the expressions."""

from __future__ import annotations

import re
from string import Formatter
from typing import Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from expectations.incidents.policy import Part


class Rule(BaseModel):
    """One rule. `when` is true for a row that somebody should look at; `value` prices such a row."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    title: str
    title_zh: str = ""
    table: str = "fct_inventory_health"
    when: str
    value: str = ""  # company currency per row; empty = the rule has no price
    severity: Literal["critical", "warning", "info"]
    owner: str = "by mapping"
    notice: Literal["by_severity", "at_once", "digest", "none"] = "by_severity"
    task: str
    task_zh: str = ""
    key: tuple[str, ...] = ("item_id", "warehouse_id")  # what names one row of the table
    group_by: tuple[str, ...] = ("warehouse",)  # one incident per item, warehouse, document, source or column
    consequence_of: tuple[str, ...] = ()  # product rules whose finding on the same item and warehouse explains it
    date: str = ""  # the column with the day of the row, where a row is an event
    event_days: int | None = None  # an event older than this is history; only with `date`
    is_on: bool = True
    line: int = Field(default=0, exclude=True)  # where it stands in the file, for messages

    @field_validator("id", "table")
    @classmethod
    def _plain_name(cls, name: str) -> str:
        if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
            raise ValueError(f"{name!r} must be lower case letters, digits and _")
        return name

    @model_validator(mode="after")
    def _an_event_has_a_date(self) -> Rule:
        if self.event_days is not None and not self.date:
            raise ValueError("event_days needs `date`, the column that says when the row happened")
        return self

    @property
    def group_parts(self) -> tuple[Part, ...]:
        """The parts of an incident's key; columns of the rule's own are together its `cause`."""
        parts: list[Part] = [p for p in get_args(Part) if p in self.group_by]
        return tuple([*parts, "cause"] if self.group_columns and "cause" not in parts else parts)

    @property
    def group_columns(self) -> tuple[str, ...]:
        """The columns named in group_by beside the parts that every finding has."""
        return tuple(name for name in self.group_by if name not in get_args(Part))

    @property
    def has_own_owner(self) -> bool:
        """True where the rule names its owner instead of leaving it to the mapping."""
        return self.owner != "by mapping"

    def placeholders(self) -> tuple[str, ...]:
        """The columns named in `{...}` in the task's texts, in order, once each.

        Raises ValueError where a placeholder is more than a column name.
        """
        found: dict[str, None] = {}
        for _, name, spec, conversion in Formatter().parse(self.task + self.task_zh):
            if name is None:
                continue
            if not re.fullmatch(r"[a-z][a-z0-9_]*", name) or spec or conversion:
                raise ValueError(f"the task may name a column in braces, not {{{name}}}")
            found[name] = None
        return tuple(found)
