"""Puts the files of one delivery together: every extract of the three systems for a history, clean."""

from __future__ import annotations

from datetime import date, timedelta

from demo.calendar_cn import closures_between
from demo.catalogue import unit_cost_on
from demo.extracts import CostRow, Extract, bin_rows, on_hand_rows, quarter_starts, versions, windowed
from demo.layouts_erp import (
    Renamed,
    closure_layout,
    cost_layout,
    item_layout,
    movement_layout,
    on_hand_layout,
    purchase_layout,
    receipt_layout,
    successor_layout,
    supplier_layout,
    supply_source_layout,
    transfer_layout,
    warehouse_layout,
)
from demo.layouts_sales import order_layout, promotion_layout, shipment_layout
from demo.layouts_wms import count_layout, wms_stock_layout
from demo.settings import DEFAULT_END, DemoSettings
from demo.vocabulary import WAREHOUSES
from demo.world import History

EARLY_MASTER_DATE = DEFAULT_END - timedelta(days=181)
PROMOTIONS_KNOWN_AHEAD_DAYS = 62

CLOSURES_KNOWN_AHEAD_DAYS = 365


def master_dates(settings: DemoSettings) -> list[date]:
    """Days on which the item master is exported: once half a year before the default end, and at the end."""
    dates = {settings.end_date}
    if settings.start_date <= EARLY_MASTER_DATE < settings.end_date:
        dates.add(EARLY_MASTER_DATE)
    return sorted(dates)


def build_extracts(history: History, renamed: Renamed) -> list[Extract]:
    """Every file of the delivery, in a fixed order. `renamed` gives reused item codes as the last master shows them."""
    return _erp_masters(history, renamed) + _erp_documents(history) + _wms(history) + _sales(history)


def _erp_masters(history: History, renamed: Renamed) -> list[Extract]:
    settings, catalogue, end = history.settings, history.catalogue, history.settings.end_date
    files = []
    for day in master_dates(settings):
        known = [
            position
            for position, item in enumerate(catalogue.items)
            if item.pattern != "new" or settings.start_date + timedelta(days=item.life_day - 120) <= day
        ]
        files.append(Extract(item_layout(settings, catalogue, day, renamed if day == end else {}), day, known))
    costs: list[CostRow] = []
    for day in quarter_starts(settings.start_date, end):
        prices = unit_cost_on(settings, catalogue, day.year, day.month)
        costs.extend(CostRow(position, day, float(price)) for position, price in enumerate(prices))
    costs.sort()
    last_known = set(files[-1].rows)
    files.append(Extract(cost_layout(catalogue), end, [row for row in costs if row.item in last_known]))
    files.append(Extract(warehouse_layout(), end, list(WAREHOUSES)))
    files.append(Extract(supplier_layout(), end, list(catalogue.suppliers)))
    heirs = [position for position in sorted(last_known) if catalogue.items[position].predecessor in last_known]
    files.append(Extract(successor_layout(catalogue, settings.start_date), end, heirs))
    # the ERP knows only of one region where it is supplied from; the other one's way is found from its history
    files.append(Extract(supply_source_layout(), end, [(code, parent) for code, _, parent, _, _ in WAREHOUSES[2:]]))
    closed = [
        (number, first, last)
        for number in range(len(catalogue.suppliers))
        for first, last in closures_between(end, end + timedelta(days=CLOSURES_KNOWN_AHEAD_DAYS))
    ]
    files.append(Extract(closure_layout(catalogue), end, closed))
    return files


def _erp_documents(history: History) -> list[Extract]:
    catalogue, books = history.catalogue, history.books
    prices = {day: unit_cost_on(history.settings, catalogue, day.year, day.month) for day in history.erp_snapshots}
    on_hand = on_hand_layout(catalogue, history.shelf, prices)
    return [
        *windowed(
            movement_layout(catalogue), history.movement_windows, books.movements, lambda row: row.entered_at.date()
        ),
        *windowed(
            transfer_layout(catalogue), history.document_windows, books.transfers, lambda row: row.entered_at.date()
        ),
        *versions(purchase_layout(catalogue), history.purchases),
        *versions(receipt_layout(catalogue), history.receipts),
        *(Extract(on_hand, day, list(on_hand_rows(history, day))) for day in sorted(history.erp_snapshots)),
    ]


def _wms(history: History) -> list[Extract]:
    stock = wms_stock_layout(history.catalogue, history.shelf)
    counts = count_layout(history.catalogue)
    return [
        *(Extract(stock, day, list(bin_rows(history, day))) for day in sorted(history.wms_snapshots)),
        *windowed(counts, history.document_windows, history.books.counts, lambda row: row.count_date),
    ]


def _sales(history: History) -> list[Extract]:
    catalogue, end = history.catalogue, history.settings.end_date
    known_until = end + timedelta(days=PROMOTIONS_KNOWN_AHEAD_DAYS)
    months = sorted({(day.year, day.month) for day in (*history.settings.dates, known_until)})
    deals = [
        (deal, item)
        for month in months
        for deal in history.promotions.of_month(*month)
        if deal.start_date <= known_until
        for item in deal.items
    ]
    return [
        *versions(order_layout(catalogue), history.orders),
        *windowed(
            shipment_layout(catalogue), history.document_windows, history.books.shipments, lambda row: row.shipment_date
        ),
        Extract(promotion_layout(catalogue), end, deals),
    ]
