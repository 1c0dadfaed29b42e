"""The words around an explanation, in both languages. Titles of evidence are beside their queries."""

from __future__ import annotations

TEXTS: dict[str, dict[str, str]] = {
    "formula": {"en": "formula      {text}", "zh": "公式    {text}"},
    "calculation": {"en": "calculation  {text}", "zh": "计算    {text}"},
    "numbers": {"en": "numbers      {text}", "zh": "代入    {text}"},
    "equal": {"en": "result       {value}: equal to the published figure", "zh": "结果    {value}：与发布值一致"},
    "differs": {"en": "result       {value}: not the published figure", "zh": "结果    {value}：与发布值不一致"},
    "decided": {"en": "decided by the planner from:", "zh": "由补货计划根据以下数据决定："},
    "where": {"en": "{key}; release {release} (as of {day})", "zh": "{key}；发布 {release}（截至 {day}）"},
    "rows": {"en": "{title}: {n} rows", "zh": "{title}：{n} 行"},
    "not_shown": {"en": ", the first {n} not shown (--rows 0)", "zh": "，前 {n} 行未显示（--rows 0）"},
    "sources": {
        "en": "{rows} source rows in {files} files: {names}",
        "zh": "{rows} 行来源数据，{files} 个文件：{names}",
    },
}


def text(name: str, language: str, /, **values: object) -> str:
    """The text of a name. Raises KeyError where it does not exist."""
    return TEXTS[name][language].format(**values)
