"""The monthly review pack (复盘): one self-contained HTML and one workbook from releases and incidents."""

from assets.publish.review.pack import ReviewPack, write_review

__all__ = ["ReviewPack", "write_review"]
