"""The configuration of one company: typed, without silent defaults for what is unknown.

Each stage declares its own section beside its code; this module puts the sections together and reads the file.
Secrets are never here: they come from the environment (`STOCKTURN_POSTGRES_URL`, `STOCKTURN_NOTIFY_URLS`).
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, PositiveInt, field_validator, model_validator

from assets.documents import DocumentError, line_of, load_document, parse_keys, read_text
from assets.ingest.settings import SourceSettings, with_owners
from assets.ledger.settings import LedgerSettings
from assets.planning.settings import PlanningSettings
from assets.publish.handoff.store import OrderError
from assets.publish.kpis import KpiCatalogue, catalogue_with
from assets.publish.kpis.own import own_kpis
from assets.publish.kpis.targets import KpiTarget, targets_of
from assets.publish.settings import PublishSettings
from assets.spark.settings import SparkSettings
from assets.workspace import Workspace
from orchestration.dbt_runner import SHIPPED, DbtProject
from orchestration.upkeep.settings import RetentionSettings

Share = Annotated[float, Field(ge=0, le=1)]


class Section(BaseModel):
    """A section that refuses keys it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Company(Section):
    """Who this is: name, money, time."""

    code: str
    name: str
    currency: str = Field(min_length=3, max_length=3)
    timezone: str
    language: Literal["en", "zh"] = "en"
    team: str = Field(default="data_engineering", pattern=r"^[a-zA-Z0-9_.-]+$")  # owner of the assets on Dagster's page

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError("not an IANA time zone, for instance Asia/Shanghai") from error
        return value


class MemberCompany(Section):
    """Another company of the same run: its name and the currency of its books."""

    name: str = ""
    currency: str = Field(min_length=3, max_length=3)


class Schedule(Section):
    """When the daily run starts, in the company's time zone.

    `is_started`: schedules and sensors, alerts included, continue as soon as Dagster's daemon runs; false where people start
    them on the web page.
    """

    cron: str = "30 5 * * *"
    is_started: bool = True
    first_date: date


class Ageing(Section):
    """Age buckets (upper bounds, inclusive) and the thresholds of dead stock, in days."""

    bucket_days: tuple[PositiveInt, ...] = (30, 60, 90, 180, 365)
    dead_days: PositiveInt = 180
    long_dead_days: PositiveInt = 365
    new_item_guard_days: PositiveInt = 90

    @model_validator(mode="after")
    def _ascending(self) -> Ageing:
        if list(self.bucket_days) != sorted(set(self.bucket_days)):
            raise ValueError("bucket_days must rise from one bound to the next")
        if self.long_dead_days < self.dead_days:
            raise ValueError("long_dead_days must not be below dead_days")
        return self


class Checks(Section):
    """Tolerances of the checks; the basis of each default is beside it.

    Count tolerances per ABC class: cycle-count practice is 0.2-0.5 % of the book for A, 1 % for B, 2-5 % for C; set
    2026-11-21 at the strict end, to be set from the company's own counts by its warehouse manager.
    """

    count_tolerance_a_rate: Share = 0.002
    count_tolerance_b_rate: Share = 0.01
    count_tolerance_c_rate: Share = 0.02
    late_document_days: PositiveInt = 7
    transit_days: PositiveInt = 3
    stale_snapshot_days: PositiveInt = 35


class CarryingCost(Section):
    """What holding stock costs a year, as shares of its value (ICC). Trade practice is 15-30 % in all (2026-11); the defaults add up to
    the holding rate that the plan counts with, shrinkage left to what is booked. A company's finance department sets its own.
    """

    storage_rate: Share = 0.08
    capital_rate: Share = 0.12
    insurance_rate: Share = 0.02
    shrinkage_rate: Share | None = None


class ReviewSettings(Section):
    """The monthly review."""

    send_to: tuple[str, ...] = ()
    """Channels (`STOCKTURN_NOTIFY_<CHANNEL>`) that get it when the schedule has written it: e-mail with the files, robots the text."""


class Settings(Section):
    """The whole configuration file."""

    company: Company
    companies: dict[str, MemberCompany] = {}
    """Further companies by their code, where a run holds several; amounts of the group are in the currency of `company`."""
    data_dir: Path
    sources: tuple[SourceSettings, ...] = Field(min_length=1)
    schedule: Schedule
    as_of: Literal["latest_extract", "yesterday"] = "latest_extract"
    demand_frequency: Literal["D", "W", "M"] = "W"
    seed: int = 20261121
    rule_book: Path | None = None
    dbt_project: Path | None = None  # the company's own project, which has ours as a package
    threads: PositiveInt = 2
    memory_limit: str = Field(default="4GB", pattern=r"^\d+(\.\d+)?[KMGT]B$")
    engine: Literal["duckdb", "spark"] = "duckdb"
    spark: SparkSettings | None = None  # only with `engine: spark`
    ageing: Ageing = Ageing()
    ledger: LedgerSettings = LedgerSettings()
    planning: PlanningSettings = PlanningSettings()
    checks: Checks = Checks()
    targets: tuple[KpiTarget, ...] = ()
    teams: dict[str, tuple[str, ...]] = {}
    carrying_cost: CarryingCost = CarryingCost()
    publish: PublishSettings = PublishSettings()
    retention: RetentionSettings = RetentionSettings()
    review: ReviewSettings = ReviewSettings()

    @field_validator("sources")
    @classmethod
    def _names_differ(cls, value: tuple[SourceSettings, ...]) -> tuple[SourceSettings, ...]:
        names = [source.name for source in value]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"the source name {', '.join(twice)} appears twice")
        return with_owners(value)

    @field_validator("targets")
    @classmethod
    def _each_once(cls, value: tuple[KpiTarget, ...]) -> tuple[KpiTarget, ...]:
        places = [target.place for target in value]
        twice = sorted({" ".join(place).strip() for place in places if places.count(place) > 1})
        if twice:
            raise ValueError(f"two targets for {', '.join(twice)}; keep one")
        return value

    @field_validator("teams")
    @classmethod
    def _one_team_each(cls, value: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        people = [person for members in value.values() for person in members]
        twice = sorted({person for person in people if people.count(person) > 1})
        if twice:
            raise ValueError(f"{', '.join(twice)} is in two teams; capital would be counted twice")
        return value

    @model_validator(mode="after")
    def _engine_is_whole(self) -> Settings:
        if self.engine == "duckdb" and self.spark is not None:
            raise ValueError(
                "there is a section `spark` and the engine is duckdb; add `engine: spark`, or take the section out"
            )
        return self

    @model_validator(mode="after")
    def _currencies_are_stated(self) -> Settings:
        codes = {source.company for source in self.sources}
        unstated = sorted(codes - set(self.companies) - {self.company.code})
        if len(codes) > 1 and unstated:
            raise ValueError(
                f"sources of {', '.join(sorted(codes))}: the currency of {', '.join(unstated)} is not stated; add "
                f"companies: {{{unstated[0]}: {{currency: ...}}}}"
            )
        strangers = sorted(
            {one.scope_value for one in self.targets if one.scope == "company" and one.scope_value} - codes
        )
        if strangers:
            raise ValueError(
                f"a target is for the company {strangers[0]}; the sources are of {', '.join(sorted(codes))}"
            )
        return self

    @model_validator(mode="after")
    def _budget_has_one_currency(self) -> Settings:
        currencies = sorted({currency for _, _, currency, _ in self.books()}) if self.sources else []
        if self.planning.policy.capital_budget_value is not None and len(currencies) > 1:
            raise ValueError(
                f"planning.policy.capital_budget_value is one amount, and the companies keep their books in "
                f"{', '.join(currencies)}: give each company a configuration of its own, or take the budget out"
            )
        return self

    def books(self) -> tuple[tuple[str, str, str, bool], ...]:
        """(code, name, currency, is it the main one) of each company whose sources the run reads."""
        codes = sorted({source.company for source in self.sources})
        main = self.company.code if self.company.code in codes else codes[0]
        own = MemberCompany(name=self.company.name, currency=self.company.currency)
        members = {main: own, **{code: one for code, one in self.companies.items() if code in codes}}
        return tuple((code, members[code].name or code, members[code].currency, code == main) for code in codes)

    def all_targets(self) -> tuple[KpiTarget, ...]:
        """The company's targets, and the catalogue's where the company sets none for a KPI."""
        return targets_of(self.kpis(), self.targets, self.company.language)

    def kpis(self) -> KpiCatalogue:
        """The product's KPIs and those that the company's dbt project declares.

        Raises:
            DocumentError: its `kpis.yml` cannot be used.
        """
        return catalogue_with(own_kpis(self.dbt_project) if self.dbt_project else {})

    def dbt(self) -> DbtProject:
        """The dbt project that a run builds."""
        return DbtProject(self.dbt_project) if self.dbt_project else SHIPPED

    def handoff_folder(self) -> Path:
        """Where the next run finds the orders that were handed over: the folder of the source with the mapping `handoff`.

        Raises:
            OrderError: there is no such source.
        """
        for source in self.sources:
            if source.mapping == "handoff":
                return source.path
        raise OrderError(
            "no source of the configuration has the mapping handoff: add "
            "{name: handoff, kind: file, mapping: handoff, path: handoff, instance: HANDOFF, company_code: ..., required: false} to "
            "`sources`, so that what is handed over counts as on order"
        )

    def workspace(self) -> Workspace:
        spark = (self.spark or SparkSettings()) if self.engine == "spark" else None
        return Workspace(root=self.data_dir, threads=self.threads, memory_limit=self.memory_limit, spark=spark)


def load_settings(path: Path) -> Settings:
    """Read a configuration; relative paths in it are relative to the folder above `config/` (or the file's own folder).

    Raises:
        assets.documents.DocumentError: one sentence per mistake, with file, line and key.
    """
    settings = load_document(path, Settings)
    base = project_folder(path)
    placed = (source.in_workspace(settings.data_dir) for source in settings.sources)
    sources = tuple(
        instance
        for source in placed
        for instance in source.model_copy(
            update={"path": _below(base, source.path), "mapping": _mapping_below(base, source.mapping)}
        ).each
    )
    book = _below(base, settings.rule_book) if settings.rule_book else None
    own = _below(base, settings.dbt_project) if settings.dbt_project else None
    spark = settings.spark
    if spark and spark.warehouse:
        spark = spark.model_copy(update={"warehouse": _below(base, spark.warehouse)})
    publish = settings.publish
    if publish.iceberg:
        lake = publish.iceberg.model_copy(update={"warehouse": _below(base, publish.iceberg.warehouse)})
        publish = publish.model_copy(update={"iceberg": lake})
    update = {"data_dir": _below(base, settings.data_dir), "sources": sources, "rule_book": book, "dbt_project": own}
    placed_settings = settings.model_copy(update={**update, "spark": spark, "publish": publish})
    _refuse_unknown_kpis(path, placed_settings)
    return placed_settings


def _refuse_unknown_kpis(path: Path, settings: Settings) -> None:
    known = settings.kpis().kpis
    for place, target in enumerate(settings.targets):
        if target.kpi not in known:
            _, node = parse_keys(read_text(path), name=str(path))
            line = line_of(node, ("targets", place, "kpi"))
            raise DocumentError(
                f"{path}, line {line}: 'targets.{place}.kpi': there is no KPI {target.kpi}; there are {', '.join(known)}"
            )


def project_folder(config: Path) -> Path:
    """What relative paths of a configuration are relative to: the folder above `config/`, or the file's own folder."""
    folder = config.resolve().parent
    return folder.parent if folder.name == "config" else folder


def _below(base: Path, path: Path) -> Path:
    return path if path.is_absolute() else base / path


def _mapping_below(base: Path, mapping: str) -> str:
    """A mapping that ships with the product goes by its name; one of the company's own is a file of its project."""
    return str(_below(base, Path(mapping))) if mapping.endswith((".yml", ".yaml")) else mapping
