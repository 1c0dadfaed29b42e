"""Bills of materials and production orders of each vendor's tables become the same two rows of the contracts."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import duckdb
import pytest
from vendors import kit

from assets.ingest.batches.register import register_landing
from assets.ingest.settings import SourceSettings
from assets.ingest.stage import ingest_all

TABLES: dict[str, dict[str, str]] = {
    "erpnext": {
        "tabBOM": "name|item|quantity|is_active|is_default|docstatus|company\nBOM-KIT-1|KIT|10|1|1|1|Acme\nBOM-X|KIT|1|1|0|0|Acme\n",
        "tabBOM Item": "name|parent|item_code|stock_qty|source_warehouse\nl1|BOM-KIT-1|PART|25|Stores\nl2|BOM-X|PART|9|\n",
        "tabWork Order": (
            "name|production_item|qty|produced_qty|planned_start_date|planned_end_date|fg_warehouse|status|bom_no|sales_order|docstatus|company|creation\n"
            "MO-1|KIT|100|40|2024-03-10 08:00:00|2024-03-20 17:00:00|Stores|In Process|BOM-KIT-1|SO-1|1|Acme|2024-03-01 10:00:00\n"
        ),
    },
    "odoo": {
        "mrp_bom": "id|product_tmpl_id|product_id|product_qty|code|active|company_id\n1|11||10|V1|1|1\n",
        "mrp_bom_line": "id|bom_id|product_id|product_qty\n5|1|22|25\n",
        "product_template": "id|default_code\n11|KIT\n12|PART\n",
        "product_product": "id|default_code|product_tmpl_id\n21|KIT|11\n22|PART|12\n",
        "stock_picking_type": "id|warehouse_id\n7|3\n",
        "stock_warehouse": "id|code\n3|WH\n",
        "mrp_production": (
            "id|name|product_id|product_qty|qty_producing|state|date_start|date_deadline|picking_type_id|company_id|create_date|origin\n"
            "1|MO-1|21|100|40|progress|2024-03-10 08:00:00|2024-03-20 17:00:00|7|1|2024-03-01 10:00:00|SO-1\n"
        ),
    },
    "sap_b1": {
        "OITT": "Code|TreeType|Qauntity\nKIT|P|10\n",
        "ITT1": "Father|ChildNum|Code|Quantity|Warehouse|Type\nKIT|0|PART|25|01|4\nKIT|1|LABOUR|3||290\n",
        "OWOR": (
            "DocEntry|DocNum|ItemCode|Status|PlannedQty|CmpltQty|PostDate|StartDate|DueDate|Warehouse|OriginNum\n"
            "1|MO-1|KIT|R|100|40|2024-03-01|2024-03-10|2024-03-20|01|\n"
        ),
    },
    "sap_ecc": {
        "MAST": "MATNR|WERKS|STLAN|STLNR|STLAL\nKIT|1000|1|00000001|01\n",
        "STKO": "STLTY|STLNR|BMENG\nM|00000001|10\n",
        "STPO": "STLTY|STLNR|STLKN|IDNRK|MENGE|AUSCH|DATUV|LKENZ\nM|00000001|1|PART|25|0|20200101|\nM|00000001|2|OLD|9|0|20200101|X\n",
        "AFKO": "AUFNR|GSTRP|GLTRP|FTRMI\nMO-1|20240310|20240320|20240301\n",
        "AFPO": "AUFNR|POSNR|MATNR|PSMNG|WEMNG|PWERK|LGORT|ELIKZ\nMO-1|1|KIT|100|40|1000|0001|\n",
    },
    "yonyou_u8": {
        "bom_bom": "BomId|BomType|Version|Status\n1|1|10|3\n2|1|20|1\n",
        "bom_parent": "BomId|ParentId\n1|101\n2|101\n",
        "bas_part": "PartId|InvCode\n101|KIT\n102|PART\n",
        "bom_opcomponent": (
            "OpComponentId|BomId|ComponentId|BaseQtyN|BaseQtyD|CompScrap|EffBegDate|EffEndDate\n"
            "1|1|102|25|10|0|2000-01-01|2099-12-31\n2|2|102|99|1|0|2000-01-01|2099-12-31\n"
        ),
        "mom_order": "MoId|MoCode|CreateDate\n1|MO-1|2024-03-01\n",
        "mom_orderdetail": "MoDId|MoId|SortSeq|InvCode|Qty|QualifiedInQty|WhCode|Status|OrderCode\n1|1|1|KIT|100|40|01|3|SO-1\n",
        "mom_morder": "MoDId|StartDate|DueDate\n1|2024-03-10|2024-03-20\n",
    },
    "kingdee_k3cloud": {
        "T_BD_MATERIAL": "FMATERIALID|FNUMBER\n101|KIT\n102|PART\n",
        "T_BD_STOCK": "FSTOCKID|FNUMBER\n7|CK01\n",
        "T_ENG_BOM": "FID|FNUMBER|FMATERIALID|FUSEORGID|FDOCUMENTSTATUS|FFORBIDSTATUS\n1|KIT_V1.0|101|1|C|A\n2|KIT_V2.0|101|1|A|A\n",
        "T_ENG_BOMCHILD": (
            "FENTRYID|FID|FMATERIALID|FNUMERATOR|FDENOMINATOR|FSCRAPRATE|FEFFECTDATE|FEXPIREDATE|FREPLACEGROUP|FMATERIALTYPE|FSTOCKID\n"
            "11|1|102|25|10|0|2020-01-01|9999-12-31|1|1|7\n12|2|102|99|1|0|2020-01-01|9999-12-31|1|1|7\n"
        ),
        "T_PRD_MO": "FID|FBILLNO|FDATE|FDOCUMENTSTATUS|FCANCELSTATUS|FPRDORGID\n1|MO-1|2024-03-01|C|A|1\n",
        "T_PRD_MOENTRY": (
            "FENTRYID|FID|FSEQ|FMATERIALID|FBASEUNITQTY|FPLANSTARTDATE|FPLANFINISHDATE|FSTOCKID|FBOMID\n"
            "1|1|1|101|100|2024-03-10|2024-03-20|7|1\n"
        ),
        "T_PRD_MOENTRY_A": "FENTRYID|FSTATUS\n1|4\n",
        "T_PRD_MOENTRY_Q": "FENTRYID|FBASESTOCKINQUAQTY\n1|40\n",
    },
}  # fmt: skip
PARAMETERS: dict[str, dict[str, object]] = {
    "erpnext": {"company_name": "Acme"}, "kingdee_k3cloud": {"org_id": 1}, "odoo": {"company_id": 1},
}  # fmt: skip


@pytest.mark.parametrize("vendor", sorted(TABLES))
def test_a_bill_and_an_order(vendor: str, tmp_path: Path) -> None:
    """The masters come from lists, so that the vendor's own tables are those of manufacturing alone."""
    lists, inbox, day = tmp_path / "lists", tmp_path / "inbox", dt.date(2024, 3, 31)
    lists.mkdir()
    (lists / "存货档案.csv").write_text("存货编码,存货名称,计量单位\nKIT,Kit,pc\nPART,Part,pc\n", encoding="utf-8")
    (lists / "仓库档案.csv").write_text("仓库,名称\nStores,a\nWH,b\n01,c\n1000/0001,d\nCK01,e\n", encoding="utf-8")
    kit.write_tables(inbox, TABLES[vendor], "utf-8")
    places: list[tuple[str, Path, dict[str, object]]] = [
        ("generic_excel", lists, {}), (vendor, inbox, PARAMETERS.get(vendor, {})),
    ]  # fmt: skip
    sources = [
        SourceSettings(
            name=name, kind="file", mapping=name, path=path, instance=name, company_code="C", parameters=given
        )
        for name, path, given in places
    ]
    ingest_all(tmp_path / "workspace", sources, day)
    with duckdb.connect() as connection:
        register_landing(connection, tmp_path / "workspace", day)
        bill = connection.execute(
            """select item_code, component_item_code, cast(component_units / parent_units as double), is_active, is_default
               from landing.bill_of_materials"""
        ).fetchall()
        order = connection.execute(
            """select order_no, item_code, cast(planned_units as int), cast(finished_units as int), start_date, due_date,
                      is_closed, doc_status from landing.production_order"""
        ).fetchall()
    assert bill == [("KIT", "PART", 2.5, True, True)]
    assert order == [("MO-1", "KIT", 100, 40, dt.date(2024, 3, 10), dt.date(2024, 3, 20), False, "approved")]
