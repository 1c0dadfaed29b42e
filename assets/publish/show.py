"""A finished release made the one that readers see, in every place where they read: PostgreSQL and `releases/current`."""

from __future__ import annotations

from pathlib import Path

from assets.optional import optional
from assets.publish.releases import Release, switch_current
from assets.publish.settings import PublishSettings, postgres_url


def show_release(release: Release, releases: Path, settings: PublishSettings) -> None:
    """Publish a release to PostgreSQL, where an address is set, then make it the current one.

    PostgreSQL comes first: where it refuses, readers of either kind keep the release they have.

    Args:
        release: a finished release in the folder `releases`; a newer one, or an older one to go back to.
        releases: the folder of releases of the workspace.
        settings: schemas and retention in PostgreSQL.

    Raises:
        assets.publish.postgres.PublicationError: PostgreSQL does not show the release; nothing was switched.
        ReleaseError: there is no such finished release.
    """
    address = postgres_url()
    if address:
        optional("psycopg", "postgres")  # needed by those who publish there only
        from assets.publish.postgres import publish_postgres

        publish_postgres(release, address, settings.postgres)
    switch_current(releases, release.release_id)
