"""Settings of one source of extracts, as the configuration states them. Unknown keys raise."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

_REMOTE = re.compile(r"(?:sftp|ftp|s3|imaps?)://[^/@\s]+(?:/[^@\s]*)?")
_SAFE_NAME = re.compile(r"\w[\w.-]*")

EXTRACTS = Path("extracts")
"""Where live sources keep their extracts, below the workspace."""


class MailSettings(BaseModel):
    """Which attachments of a mailbox are the files of a source. Patterns as in a shell (`*`, `?`), in any case of letters."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    files: tuple[str, ...] = Field(min_length=1)
    """Names of attachments; pictures of a signature are then left out."""
    sender: str = "*"
    subject: str = "*"
    since: dt.date | None = None
    """Messages that arrived before this day are not looked at."""
    max_megabytes: int = Field(default=50, ge=1, le=1024)
    """Size of a whole message. Mail servers seldom take more than 50 MB; the message is read in memory."""


class SourceSettings(BaseModel):
    """A folder of extracts, a database or a web service, and the mapping that reads it.

    A database or web service has no address here: that comes from the environment (assets/ingest/live/secrets.py). Its
    `path` is where its extracts are kept, below the workspace where nothing else is given.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    kind: Literal["file", "sql", "http"]
    mapping: str
    path: Path = EXTRACTS
    remote: str | None = None
    """Address of the server that the files of `path` come from: sftp://, ftp://, s3:// or imaps://, without user and password."""
    mail: MailSettings | None = None
    instance: str
    required: bool = True
    company_code: str | None = None
    timezone: str = "Asia/Shanghai"
    parameters: dict[str, str | int | float | bool] = {}
    instances: tuple[str, ...] = ()
    instance_place: tuple[int, int] = (1, 1)
    owns: tuple[str, ...] = ()
    """Movement types that this source posts for its company; other sources of the company leave them out."""
    not_owned: tuple[str, ...] = ()

    @property
    def each(self) -> tuple[SourceSettings, ...]:
        """The sources that are read: this one, or one for each book or year of `instances`, in their order.

        Each instance is in a folder of its name below `path`; `instance` is then what their company is named by.
        """
        if not self.instances:
            return (self,)
        count = len(self.instances)
        return tuple(
            self.model_copy(
                update={
                    "name": f"{self.name}.{instance}",
                    "instance": instance,
                    "company_code": self.company,
                    "path": self.path / instance,
                    "instances": (),
                    "instance_place": (number, count),
                }
            )
            for number, instance in enumerate(self.instances, start=1)
        )

    @property
    def is_live(self) -> bool:
        """Whether each run asks a server what is new: a database, a web service, a folder on a server, a mailbox."""
        return self.kind != "file" or self.remote is not None

    @property
    def built_in_parameters(self) -> dict[str, str | int | float | bool]:
        """What expressions may ask of the source itself."""
        place, count = self.instance_place
        return {
            "instance": self.instance,
            "company": self.company,
            "is_first_instance": place == 1,
            "is_last_instance": place == count,
            "owns_movements": bool(self.owns),
        }

    @model_validator(mode="after")
    def _with_folder(self) -> SourceSettings:
        if self.kind == "file" and "path" not in self.model_fields_set:
            raise ValueError("`path` says in which folder the files of a source are")
        if self.remote is not None and self.kind != "file":
            raise ValueError("`remote` goes with `kind: file`")
        is_mailbox = self.remote is not None and self.remote.startswith("imap")
        if is_mailbox and self.mail is None:
            raise ValueError("`mail` says which attachments of the mailbox are read: `mail: {files: ['*.xlsx']}`")
        if self.mail is not None and not is_mailbox:
            raise ValueError("`mail` goes with `remote: imaps://host/folder`")
        return self

    def in_workspace(self, workspace: Path) -> SourceSettings:
        """The source with the folder of its extracts; that of a live source that names none is in the workspace."""
        if "path" in self.model_fields_set:
            return self
        return self.model_copy(update={"path": workspace / EXTRACTS / self.name})

    @property
    def company(self) -> str:
        """Namespace of item and warehouse codes; the instance where the system has no organisation."""
        return self.company_code or self.instance

    @field_validator("remote")
    @classmethod
    def _without_secrets(cls, value: str | None) -> str | None:
        if value is not None and _REMOTE.fullmatch(value) is None:
            raise ValueError(
                "is sftp://host/folder, ftp://host/folder, s3://bucket/folder or imaps://host/folder; user and password come from "
                "the environment"
            )
        return value

    @field_validator("instance", "company_code", "name")
    @classmethod
    def _safe(cls, value: str | None) -> str | None:
        """These become folder and key parts: letters of any script, digits, `_`, `-`, `.`."""
        if value is not None and not _SAFE_NAME.fullmatch(value):
            raise ValueError(
                f"{value!r} may hold only letters, digits, '_', '-' and '.', and starts with a letter or digit"
            )
        return value

    @field_validator("instances")
    @classmethod
    def _each_once(cls, values: tuple[str, ...]) -> tuple[str, ...]:
        for value in values:
            if not _SAFE_NAME.fullmatch(value):
                raise ValueError(f"{value!r} may hold only letters, digits, '_', '-' and '.'")
        if len(set(values)) < len(values):
            raise ValueError("an instance appears twice")
        return values

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(f"{value!r} is no IANA time zone") from error
        return value


def with_owners(sources: Sequence[SourceSettings]) -> tuple[SourceSettings, ...]:
    """The sources, each knowing the movement types that another source of its company owns.

    Raises ValueError where two sources of a company, that are not books of one another, own the same type.
    """
    settled = []
    for source in sources:
        others = [other for other in sources if other.company == source.company and other.mapping != source.mapping]
        taken = {kind: other.name for other in others for kind in other.owns}
        twice = sorted(set(source.owns) & set(taken))
        if twice:
            raise ValueError(
                f"{twice[0]} is owned by {source.name} and by {taken[twice[0]]}: goods would be posted twice"
            )
        settled.append(source.model_copy(update={"not_owned": tuple(sorted(taken))}))
    return tuple(settled)
