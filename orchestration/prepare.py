"""What can be made ready when the product is installed, so that the first run need not wait: dbt's parse and the dictionary."""

from __future__ import annotations

from assets.publish.dictionary_store import stored_dictionary
from orchestration.dbt_runner import SHIPPED


def prepare() -> None:
    """Parse the dbt project and keep the dictionary of its models; nothing to do where neither has changed."""
    stored_dictionary(SHIPPED.prepared())


if __name__ == "__main__":
    prepare()
