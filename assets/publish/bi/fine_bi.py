"""Notes for FineBI 帆软: which views, which keys, which formulas; in Chinese, for the Chinese schema. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from assets.publish.bi.expressions import sql_measure
from assets.publish.bi.model import BiModel
from assets.publish.bi.target import Target

_HEAD = """# FineBI 连接说明

1. 管理系统 > 数据连接 > 新建 PostgreSQL：`jdbc:postgresql://{host}:{port}/{database}?currentSchema={schema}_zh`，账号使用只读角色
   （`stockturn_reader`，或按责任人、仓库限制行权限的 `stockturn_limited`）。
2. 公共数据 > 新建业务包，添加下列视图；表名、字段名、字段备注和代码值均为中文。
3. 按“关联关系”建立关联（N:1）。每日运行发布新版本后更新业务包；直连数据无需更新。
4. 比率一律用下列“指标”公式（分子合计 ÷ 分母合计），不要对比率求平均。

公共数据模型版本：{version}
"""


def fine_bi_notes(model: BiModel, target: Target) -> str:
    """One page; `model` is the Chinese one."""
    head = _HEAD.format(
        host=target.host,
        port=target.port,
        database=target.database,
        schema=target.schema,
        version=model.contract_version,
    )
    return "\n".join([head, *_tables(model), "", *_relations(model), "", *_measures(model, target)]) + "\n"


def _tables(model: BiModel) -> Iterator[str]:
    yield "## 视图\n\n| 视图 | 内容 | 英文名 |\n|---|---|---|"
    for table in model.tables:
        yield f"| {table.label} | {table.description} | `{table.name}` |"


def _relations(model: BiModel) -> Iterator[str]:
    yield "## 关联关系\n\n| 视图（N） | 字段 | 视图（1） | 字段 |\n|---|---|---|---|"
    for one in model.relations:
        if one.is_active:
            many, single = model.table(one.table), model.table(one.to_table)
            yield (
                f"| {many.label} | {many.column(one.column).label} | {single.label} | {single.column(one.to_column).label} |"
            )


def _measures(model: BiModel, target: Target) -> Iterator[str]:
    yield "## 指标\n\n用“SQL 数据集”按英文视图计算，与产品各处的指标一致：\n"
    for measure in model.measures:
        yield f"- **{measure.label}**（`{target.schema}.{measure.table}`）：`{sql_measure(measure)}`"
