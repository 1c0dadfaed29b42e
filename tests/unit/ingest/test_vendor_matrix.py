"""The vendor matrix is what the mapping files say, and they say it of every entity that they read."""

from __future__ import annotations

from assets.ingest.mapping.source_matrix import TARGET, fed_contracts, matrix_markdown, shipped_vendors


def test_the_committed_page_is_current():
    assert TARGET.read_text(encoding="utf-8") == matrix_markdown(shipped_vendors()), (
        "run `python -m assets.ingest.mapping.source_matrix`"
    )


def test_every_vendor_says_how_sure_it_is_of_what_it_reads():
    vendors = {mapping.mapping: mapping for mapping in shipped_vendors()}
    for name, mapping in vendors.items():
        assert sorted(mapping.entities) == fed_contracts(mapping), name
    assert {"yonyou_u8", "yonyou_tplus", "kingdee_k3cloud", "kingdee_k3wise", "sap_b1", "sap_ecc", "sap_s4"} < set(
        vendors
    )
    assert {"jiandaoyun", "suda", "puyuan", "guanjiapo", "erpnext", "odoo", "tryton", "generic_excel"} < set(vendors)


def test_the_page_tells_what_is_missing():
    page = matrix_markdown(shipped_vendors())
    assert "| `stock_movement` |" in page
    assert "Not read:" in page
