"""The monthly review as a Dagster asset: a partition a month, written when the month has ended."""

from datetime import date

import dagster as dg

from assets.publish.assets import RELEASE_KEY
from orchestration.review import review_month, send_review
from orchestration.settings import Settings

REVIEW_KEY = dg.AssetKey(["publish", "review"])


def monthly_partitions(settings: Settings) -> dg.MonthlyPartitionsDefinition:
    """Whole months from that of the first day on, in the company's time zone."""
    first = settings.schedule.first_date.replace(day=1)
    return dg.MonthlyPartitionsDefinition(start_date=first.isoformat(), timezone=settings.company.timezone)


def build_review_asset(settings: Settings) -> dg.AssetsDefinition:
    """Not part of the daily run: it looks at a month that is over."""

    @dg.asset(
        key=REVIEW_KEY,
        deps=[RELEASE_KEY],
        partitions_def=monthly_partitions(settings),
        group_name="publish",
        kinds={"html", "excel"},
    )
    def review(context: dg.AssetExecutionContext, settings: dg.ResourceParam[Settings]) -> dg.MaterializeResult:
        """The review pack of the month: page, workbook, and a PDF where the extra `pdf` is installed; sent to `review.send_to`."""
        packs = review_month(settings, date.fromisoformat(context.partition_key).replace(day=15))
        send_review(packs, settings.review.send_to)
        files = [str(path) for pack in packs for path in pack.files]
        return dg.MaterializeResult(metadata={"files": files})

    return review
