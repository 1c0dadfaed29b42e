"""`python -m assets.publish.kpis`: write the files of the dbt project that follow from the catalogue."""

from __future__ import annotations

from assets.publish.kpis.catalogue import kpi_catalogue
from assets.publish.kpis.dbt_files import dbt_files


def main() -> None:
    """Write them."""
    for path, text in dbt_files(kpi_catalogue()).items():
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
