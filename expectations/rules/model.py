"""What a rule says, as it stands in YAML. No SQL here: `compile` reads the expressions."""

from __future__ import annotations

import re
from string import Formatter
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

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
    key: tuple[str, ...] = ("item_id", "warehouse_id")  # what names one row of the table
    group_by: tuple[Part, ...] = ("warehouse",)  # one incident per ...; `cause` is the rest of the key
    is_on: bool = True
    line: int = Field(default=0, exclude=True)  # where it stands in the file, for messages

    @field_validator("id", "table")
    @classmethod
    def _plain_name(cls, name: str) -> str:
        if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
            raise ValueError(f"{name!r} must be lower case letters, digits and _")
        return name

    @property
    def has_own_owner(self) -> bool:
        """True where the rule names its owner instead of leaving it to the mapping."""
        return self.owner != "by mapping"

    def placeholders(self) -> tuple[str, ...]:
        """The columns named in `{...}` in the task text, in order, once each.

        Raises ValueError where a placeholder is more than a column name.
        """
        found: dict[str, None] = {}
        for _, name, spec, conversion in Formatter().parse(self.task):
            if name is None:
                continue
            if not re.fullmatch(r"[a-z][a-z0-9_]*", name) or spec or conversion:
                raise ValueError(f"the task may name a column in braces, not {{{name}}}")
            found[name] = None
        return tuple(found)
