"""What a rule says, as it is in YAML. No SQL here: `compile` reads the expressions."""

from __future__ import annotations

import re
from string import Formatter
from typing import Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from expectations.incidents.policy import Part, Queue


class Rule(BaseModel):
    """One rule. `when` is true for a row that somebody should look at; `value` prices such a row."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    title: str
    title_zh: str = ""
    table: str = "fct_inventory_health"
    group: tuple[str, ...] = ()  # columns of the table: with `measures`, the rule is over groups instead of rows
    measures: dict[str, str] = Field(default_factory=dict)  # name -> sum, count, avg, min or max over the group
    latest: str = ""  # a date column: only rows of its newest day count (a mart with a history of snapshots)
    history: str = ""  # a date column of such a mart: its rows have `days_ago`, counted from the newest day
    where: str = ""  # rows of the table that the groups are made of; empty = all
    when: str
    value: str = ""  # company currency per row; empty = the rule has no price
    severity: Literal["critical", "warning", "info"]
    owner: str = "by mapping"
    queue: Queue = "business"  # data: the row makes figures untrustworthy; business: it is work to be done
    notice: Literal["by_severity", "at_once", "digest", "none"] = "by_severity"
    task: str
    task_zh: str = ""
    key: tuple[str, ...] = ("item_id", "warehouse_id")  # what names one row of the table
    group_by: tuple[str, ...] = ("warehouse",)  # one incident per item, warehouse, document, source or column
    consequence_of: tuple[str, ...] = ()  # product rules whose finding on the same item and warehouse explains it
    date: str = ""  # the column with the day of the row, where a row is an event
    event_days: int | None = None  # an event older than this is history; only with `date`
    is_on: bool = True
    line: int = Field(default=0, exclude=True)  # where it is in the file, for messages

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

    @model_validator(mode="after")
    def _a_business_signal_waits_for_the_digest(self) -> Rule:
        if self.queue == "business" and self.notice == "at_once":
            raise ValueError("notice: at_once is for the queue data; a business signal is in the digest of its day")
        return self

    @model_validator(mode="before")
    @classmethod
    def _a_group_is_its_own_key(cls, data: Any) -> Any:
        if isinstance(data, dict) and data.get("group") and "key" not in data:
            return {**data, "key": data["group"], "group_by": data.get("group_by", data["group"])}
        return data

    @model_validator(mode="after")
    def _groups_have_measures(self) -> Rule:
        if bool(self.group) != bool(self.measures):
            raise ValueError("group and measures go together: what is grouped, and what is measured of each group")
        if self.latest and self.history:
            raise ValueError("latest keeps the newest day only, history keeps all days: use one of them")
        if self.where and not self.group:
            raise ValueError("where needs group and measures; put the condition of a row into `when`")
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
