"""What every page gets: who looks, at which release, in which language, through which filter. Opened once, shared."""

from __future__ import annotations

import getpass
import os
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from assets.publish.handoff.store import STORE_VARIABLE as ORDERS_VARIABLE
from assets.publish.handoff.store import OrderStore
from assets.publish.history import previous_release
from assets.publish.releases import current_release
from dashboard.filters import Filter
from dashboard.identity import SECRET_VARIABLE, User, identify
from dashboard.release_reader import ReleaseReader
from dashboard.texts import Words
from expectations.after_run import STORE_VARIABLE, open_store
from expectations.incidents import IncidentStore
from orchestration.rule_book import load_company_rules
from orchestration.settings import Settings, load_settings, project_folder
from orchestration.upkeep.environment import CONFIG_VARIABLE, read_environment

DEFAULT_CONFIG = "config/demo.yml"


@dataclass(frozen=True)
class Context:
    """One rendering of a page by one person."""

    settings: Settings
    reader: ReleaseReader
    before: ReleaseReader | None
    user: User
    words: Words
    wanted: Filter
    months: int = 24
    """How far back the charts over time go."""

    @property
    def store(self) -> IncidentStore | None:
        """The incident store, or None before the first run made one. The pages write here and in the store of orders."""
        path = self.settings.workspace().incident_store
        return _store(path) if path.is_file() or os.environ.get(STORE_VARIABLE) else None

    @property
    def order_store(self) -> OrderStore:
        """The decisions about draft orders; made where there is none yet."""
        return _order_store(self.settings.workspace().order_store, os.environ.get(ORDERS_VARIABLE, ""))


def signed_in() -> User:
    """The user of this request. Raises AccessRefusedError."""
    return identify(
        dict(st.context.headers),
        address=st.get_option("server.address"),
        secret=os.environ.get(SECRET_VARIABLE) or None,
        local_user=_local_user(),
    )


@st.cache_resource
def settings() -> Settings:
    config = Path(os.environ.get(CONFIG_VARIABLE, DEFAULT_CONFIG))
    read_environment(project_folder(config))
    return load_settings(config)


def readers() -> tuple[ReleaseReader, ReleaseReader | None] | None:
    """The current release and the one before it; None before the first. A new release is seen at the next click."""
    folder = settings().workspace().releases
    release = current_release(folder)
    if release is None:
        return None
    earlier = previous_release(folder, release)
    return _reader(release.path), _reader(earlier.path) if earlier else None


@st.cache_resource(max_entries=6)
def _reader(folder: Path) -> ReleaseReader:
    return ReleaseReader.open(folder)


@st.cache_resource
def _store(path: Path) -> IncidentStore:
    return open_store(path, load_company_rules(settings()))


@st.cache_resource
def _order_store(path: Path, url: str) -> OrderStore:
    return OrderStore(url) if url else OrderStore.at(path)


def _local_user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container whose user has no name
        return "local"
