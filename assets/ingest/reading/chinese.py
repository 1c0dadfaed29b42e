"""Traditional characters as simplified ones, for the comparison of headers and codes: 存貨編碼 is 存货编码.

Characters are converted one by one; words that differ between regions are synonyms and are in the mappings.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any


def simplified(text: str) -> str:
    """The text in simplified characters; anything but Chinese stays as it is.

    What GB 2312 can write is simplified already: its 6,763 characters are those of the standard of simplified writing.
    So the dictionaries are opened only for a file that needs them.
    """
    try:
        text.encode("gb2312")
    except UnicodeEncodeError:
        return str(_converter().convert(text))
    return text


def is_traditional(texts: tuple[str, ...]) -> bool:
    """True where any of the texts holds a traditional character."""
    return any(simplified(text) != text for text in texts)


@lru_cache(maxsize=1)
def _converter() -> Any:
    from opencc import OpenCC

    return OpenCC("t2s")
