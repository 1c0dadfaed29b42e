"""The file that `stockturn forecast` reads: any encoding and separator that people use, said back to them.

Belongs here: from a path to a frame of texts. Figures and dates are judged series by series later, so that one bad row
spoils one series.
"""

from __future__ import annotations

import codecs
import re
import warnings
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

_SEPARATORS = ",;\t|"
#: Columns of ours that are texts even where they look like numbers: 007 is not 7.
_TEXTS = ("series_id", "period_start_date")
#: Bytes of a file that its encoding, separator and decimal mark are judged by.
_SAMPLE_BYTES = 200_000


@dataclass(frozen=True)
class DemandFile:
    """The frame, and one sentence about each thing that was not as expected and read all the same."""

    frame: pd.DataFrame
    remarks: tuple[str, ...]


def read_demand_file(path: Path, columns: dict[str, str]) -> DemandFile:
    """Read CSV or Parquet; `columns` names the file's column for each of ours.

    Raises ValueError with path, what was found and what to do.
    """
    if not path.is_file():
        raise ValueError(f"{path}: no such file")
    texts = [columns.get(name, name) for name in _TEXTS]
    try:
        frame, remarks = (pd.read_parquet(path), []) if path.suffix == ".parquet" else _read_csv(path, texts)
    except pd.errors.ParserWarning as error:
        raise ValueError(f"{path}: rows have more fields than the header has columns") from error
    except (ValueError, OSError) as error:
        raise ValueError(f"{path}: cannot be read as {path.suffix or 'CSV'}: {str(error).strip()}") from error
    missing = [theirs for theirs in columns.values() if theirs not in frame.columns]
    if missing:
        found = ", ".join(map(str, frame.columns))
        raise ValueError(f"{path}: --columns names {', '.join(missing)}, but the columns are {found}")
    return DemandFile(frame.rename(columns={theirs: ours for ours, theirs in columns.items()}), tuple(remarks))


def _read_csv(path: Path, texts: list[str]) -> tuple[pd.DataFrame, list[str]]:
    with path.open("rb") as file:
        head, remarks = file.read(_SAMPLE_BYTES), []
    encoding = "utf-8-sig"
    try:
        codecs.getincrementaldecoder(encoding)().decode(head)
    except UnicodeDecodeError:
        encoding = "gb18030"
        codecs.getincrementaldecoder(encoding)().decode(head)  # what is neither is refused with the decoder's position
        remarks.append("not UTF-8: read as GB18030 (GBK)")
    sample = head.decode(encoding, errors="ignore")
    separator = max(_SEPARATORS, key=sample.partition("\n")[0].count)
    decimal = "."
    if separator != ",":
        is_comma = separator == ";" and re.search(r"(?:^|;)-?\d+,\d+(?:;|\r?$)", sample, re.MULTILINE) is not None
        decimal = "," if is_comma else "."
        shown = {"\t": "tabs"}.get(separator, f"{separator!r}")
        remarks.append(f"separated by {shown}{', decimal comma' if is_comma else ''}: read so")
    with warnings.catch_warnings():
        warnings.simplefilter("error", pd.errors.ParserWarning)
        frame = pd.read_csv(
            path,
            encoding=encoding,
            sep=separator,
            decimal=decimal,
            float_precision="round_trip",  # the quick parser is off in the last digit, and forecasts then differ
            index_col=False,
            dtype=dict.fromkeys(texts, "category"),  # of texts: a name or a day is kept once, not once a row
        )
    return frame, remarks
