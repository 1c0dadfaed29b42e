"""A finished release made the one that readers see, in every place where they read: a lake, PostgreSQL and `releases/current`."""

from __future__ import annotations

from pathlib import Path

from assets.optional import optional
from assets.publish.releases import Release, switch_current
from assets.publish.settings import PublishSettings, postgres_url


def show_release(release: Release, releases: Path, settings: PublishSettings) -> None:
    """Publish a release to the lake and to PostgreSQL, where they are set, then make it the current one.

    All is loaded before anything is switched: where the lake or PostgreSQL refuses, readers of every kind keep the release they have.

    Args:
        release: a finished release in the folder `releases`; a newer one, or an older one to go back to.
        releases: the folder of releases of the workspace.
        settings: schemas and retention in PostgreSQL and in the lake.

    Raises:
        assets.publish.iceberg.IcebergError: the lake does not hold the release, and nothing was switched; or it is only the lake that
            does not show it, after PostgreSQL does.
        assets.publish.postgres.PublicationError: PostgreSQL does not show the release; nothing was switched.
        ReleaseError: there is no such finished release.
    """
    loaded = None
    if settings.iceberg is not None:
        optional("pyiceberg", "iceberg")
        from assets.publish.iceberg import load_iceberg

        loaded = load_iceberg(release, settings.iceberg)
    address = postgres_url()
    if address:
        optional("psycopg", "postgres")  # needed by those who publish there only
        from assets.publish.postgres import publish_postgres

        publish_postgres(release, address, settings.postgres)
    if loaded is not None:
        from assets.publish.iceberg import show_iceberg

        show_iceberg(loaded)
    switch_current(releases, release.release_id)
