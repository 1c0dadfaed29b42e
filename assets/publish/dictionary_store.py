"""The dictionary kept beside dbt's manifest: made from 80 models' SQL once (a second), read back until a model changes."""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from pathlib import Path
from typing import Any

from assets.publish import dictionary, lineage, public, release_rules, values
from assets.whole_files import write_whole

_MADE_BY = (
    *(Path(str(module.__file__)) for module in (dictionary, lineage, public, release_rules, values)),
    *(dictionary.LABELS, public.DECLARATION, values.VALUES, values.DESCRIPTIONS_ZH, values.RULES),
)


def stored_dictionary(manifest: Path) -> list[dict[str, Any]]:
    """`build_dictionary` of a manifest file; kept in `dictionary.json` of its folder with what it was made of."""
    text = manifest.read_bytes()
    made_of = hashlib.sha256(b"".join([text, *[path.read_bytes() for path in _MADE_BY]])).hexdigest()
    kept = manifest.with_name("dictionary.json")
    if kept.is_file():
        with suppress(ValueError, KeyError, TypeError):  # damaged: built again
            known = json.loads(kept.read_bytes())
            if known["made_of"] == made_of:
                return list(known["marts"])
    built = dictionary.build_dictionary(json.loads(text))
    write_whole(
        kept, json.dumps({"made_of": made_of, "marts": built}, ensure_ascii=False)
    )  # two runs at once write the same
    return built
