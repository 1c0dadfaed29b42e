"""Where evidence comes from: one query per kind over a release's marts, with the names of the cell's key and dates as parameters.

Every row keeps the file and row it was read from where its mart has them.
"""

from __future__ import annotations

from assets.explain.model import Query

_MOVEMENT = """movement_key, movement_sequence, business_date, movement_type, warehouse_id, lot_no, stock_status, owner_type,
    is_demand, is_valued, quantity_units, source_unit_cost, cost_value, cogs_value, settlement_value,
    cogs_settlement_value, doc_no, source_file, source_row"""
_HERE = "item_id = $item_id and warehouse_id = $warehouse_id"
_MEMBER = """($scope = 'group' or split_part(spine.item_id, '/', 1) = $company_code) and case $scope
        when 'company' then true
        when 'group' then true
        when 'warehouse' then spine.warehouse_id = $scope_value
        when 'category' then coalesce(spine.category_name, '') = $scope_value
        when 'supplier' then coalesce(spine.default_supplier_id, '') = $scope_value
        when 'owner' then coalesce(spine.owner_name, '') = $scope_value
        when 'team' then coalesce(spine.team_name, '') = $scope_value
        when 'abc_class' then coalesce(classes.abc_class, '') = $scope_value
        else coalesce(classes.abc_xyz_cell, '') = $scope_value
    end"""
_SPINE = """join marts.dim_item_warehouses spine using (item_id, warehouse_id)
    left join (
        select item_id, warehouse_id, abc_class, abc_xyz_cell,
            case when lag(valid_from_date) over spells is null then date '0001-01-01' else valid_from_date end as spell_from_date,
            coalesce(lead(valid_from_date) over spells - 1, date '9999-12-31') as spell_to_date
        from marts.fct_class_history window spells as (partition by item_id, warehouse_id order by valid_from_date)
    ) classes on classes.item_id = {of}.item_id and classes.warehouse_id = {of}.warehouse_id
        and {day} between classes.spell_from_date and classes.spell_to_date"""
_CONVERTED = """left join marts.dim_companies company on company.company_code = split_part(turnover.item_id, '/', 1)
    left join marts.dim_exchange_rates rate on rate.is_group_rate and rate.currency_code = company.currency_code
        and turnover.period_end_date between rate.valid_from_date and rate.valid_to_date"""
_RATE = """cast(case when $scope <> 'group' or company.currency_code = company.group_currency_code then 1 else rate.exchange_rate end
        as decimal(28, 10)) as conversion_rate"""
_OF_PERIOD = _SPINE.format(of="turnover", day="turnover.period_end_date")
_OF_SALE = _SPINE.format(
    of="sales",
    day="""least(case when $period_kind like 'rolling%' then $period_end_date
        else coalesce(period.period_end_date, last_day(shipment_date)) end, $period_end_date)""",
)

QUERIES: dict[str, Query] = {
    "movements": Query(
        "Movements up to the day", "截至当日的出入库流水",
        f"select {_MOVEMENT} from marts.fct_stock_movements where {_HERE} and business_date <= $until_date order by movement_sequence",
    ),
    "period_movements": Query(
        "Movements of the period", "期间内的出入库流水",
        f"""select {_MOVEMENT} from marts.fct_stock_movements
            where {_HERE} and business_date between $period_start_date and $period_end_date order by movement_sequence""",
    ),
    "entries": Query(
        "Value entries up to the day", "截至当日的金额分录",
        f"""select business_date, entry_kind, is_cogs, quantity_units, entry_value, uncosted_units, uncosted_stock_units, is_in_transit
            from marts.fct_value_entries where {_HERE} and business_date <= $until_date order by all""",
    ),
    "period_entries": Query(
        "Value entries of the period", "期间内的金额分录",
        f"""select business_date, entry_kind, is_cogs, quantity_units, entry_value, uncosted_units, uncosted_stock_units, is_in_transit
            from marts.fct_value_entries
            where {_HERE} and business_date between $period_start_date and $period_end_date order by all""",
    ),
    "item_dates": Query(
        "First movement and last demand of the item, by warehouse", "该存货各仓库的首次流水与最后需求",
        """select warehouse_id, min(business_date) as first_movement_date,
                  max(business_date) filter (where is_demand and quantity_units < 0) as last_demand_date
           from marts.fct_stock_movements where item_id = $item_id group by all order by all""",
    ),
    "layers": Query(
        "Open layers", "未结库存层",
        """select snapshot_date, lot_no, stock_status, owner_type, layer_no, origin_date, arrived_date, layer_age_days, bucket_no,
                   quantity_units, unit_cost, layer_value, is_cost_known, is_negative, is_valued, lot_expiry_date,
                   origin_movement_key, origin_doc_no, origin_source_file, origin_source_row
            from marts.fct_stock_layers where snapshot_date = $snapshot_date and item_id = $item_id
                and case when $warehouse_id like '%/IN-TRANSIT' then is_in_transit and is_valued
                    else warehouse_id = $warehouse_id and not is_in_transit end
            order by lot_no, stock_status, owner_type, owner_code, layer_no""",
    ),
    "intervals": Query(
        "Balances held in the period and on the evening before it", "期间内及期初前一日的库存余额",
        f"""select * from marts.fct_stock_balances
            where {_HERE} and valid_to_date >= $period_start_date - 1 and valid_from_date <= $period_end_date order by valid_from_date""",
    ),
    "months": Query(
        "Month ends within the period", "期间内各月末",
        f"""select month_start_date, period_end_date, ending_inventory_value from marts.fct_turnover_monthly
            where {_HERE} and period_end_date between $period_start_date and $period_end_date order by 1""",
    ),
    "warehouse": Query(
        "The warehouse", "仓库档案",
        "select warehouse_id, is_nettable, is_valued from marts.dim_warehouses where warehouse_id = $warehouse_id",
    ),
    "settings": Query(
        "Settings of the run", "运行参数",
        "select * from marts.dim_run_parameters",
    ),
    "master": Query(
        "Master data of the item in the warehouse", "该存货在该仓库的档案",
        f"select * from marts.dim_item_warehouses where {_HERE}",
    ),
    "item": Query(
        "Master data of the item", "存货档案",
        "select * from marts.dim_items where item_id = $item_id",
    ),
    "item_costs": Query(
        "Costs that the source keeps itself", "来源系统自带的成本",
        "select * from marts.dim_item_costs where item_id = $item_id and warehouse_id in ('', $warehouse_id) order by warehouse_id",
    ),
    "receipts": Query(
        "Receipts with a cost, here and elsewhere", "本仓及其他仓库带成本的入库",
        f"""select {_MOVEMENT} from marts.fct_stock_movements
            where item_id = $item_id and quantity_units > 0 and source_unit_cost is not null
              and movement_type not in ('transfer_in', 'sales_return') order by movement_sequence""",
    ),
    "supply": Query(
        "What is still to come", "在途与未到货",
        f"select * from marts.fct_open_supply where {_HERE} order by due_date, source",
    ),
    "order_lines": Query(
        "Order lines of the last 365 days", "近 365 天的订单行",
        f"""select * from marts.fct_order_lines where {_HERE} and is_last_365_days
            order by requested_date, so_no, so_line_id""",
    ),
    "empty_shelf": Query(
        "Balances without available stock in the last 365 days", "近 365 天无可用库存的时段",
        f"""select valid_from_date, valid_to_date, available_units from marts.fct_stock_balances
            where {_HERE} and available_units <= 0 and valid_to_date > $as_of_date - 365 order by valid_from_date""",
    ),
    "lost_sales": Query(
        "Periods whose demand an empty shelf hid", "被缺货掩盖需求的期间",
        f"""select * from marts.fct_lost_sales where {_HERE} and period_end_date > $as_of_date - 365 order by period_start_date""",
    ),
    "findings": Query(
        "Open findings", "未关闭的异常",
        f"select * from marts.fct_findings where {_HERE} order by finding_id",
    ),
    "year_window": Query(
        "Turnover of the last 365 days", "近 365 天的周转",
        f"select * from marts.fct_turnover_rolling where {_HERE} and window_days = 365",
    ),
    "plan": Query(
        "The plan of the item in the warehouse", "该存货在该仓库的补货计划",
        f"select * from marts.fct_replenishment where {_HERE}",
    ),
    "protection": Query(
        "Demand over the protection interval, with its quantiles", "保护期需求及分位数",
        f"select * from marts.fct_lead_time_demand where {_HERE}",
    ),
    "disposals": Query(
        "Ways out for the stock", "库存的处置出路",
        f"select * from marts.fct_disposals where {_HERE} order by way_rank, way",
    ),
    "classes": Query(
        "Class of the item in the warehouse", "该存货在该仓库的分类",
        f"select * from marts.dim_item_classes where {_HERE}",
    ),
    "forecast": Query(
        "Forecast", "需求预测",
        f"select * from marts.fct_forecasts where {_HERE} order by all",
    ),
    "month_members": Query(
        "Months of the items and warehouses in the roll-up", "汇总范围内各存货与仓库的月度数据",
        f"""select turnover.item_id, turnover.warehouse_id, turnover.month_start_date as part_start_date,
                   turnover.period_end_date as part_end_date, turnover.period_days, average_inventory_value,
                   opening_inventory_value, ending_inventory_value,
                   average_inventory_value_month_end_points as points_value, average_inventory_units, cogs_value, cogs_units, value_status,
                   {_RATE}
            from marts.fct_turnover_monthly turnover {_OF_PERIOD} {_CONVERTED}
            where month_start_date between $trend_start_date and $period_end_date and {_MEMBER} order by all""",
    ),
    "window_members": Query(
        "Items and warehouses in the roll-up", "汇总范围内的存货与仓库",
        f"""select turnover.item_id, turnover.warehouse_id, turnover.period_start_date as part_start_date,
                   turnover.period_end_date as part_end_date, turnover.period_days, average_inventory_value,
                   opening_inventory_value, ending_inventory_value,
                   average_inventory_value_month_end_points as points_value, average_inventory_units, cogs_value, cogs_units, value_status,
                   {_RATE}
            from marts.fct_turnover_rolling turnover {_OF_PERIOD} {_CONVERTED}
            where 'rolling_' || window_days = $period_kind and {_MEMBER} order by all""",
    ),
    "sales": Query(
        "Sales lines of the roll-up in the period", "汇总范围在期间内的销售行",
        f"""select sales.item_id, sales.warehouse_id, shipment_date, shipment_no, shipment_line_id, shipped_units, revenue_value,
                   coalesce(period.period_start_date, cast(date_trunc('month', shipment_date) as date)) as month_start_date,
                   sales.source_file, sales.source_row
            from marts.fct_sales_lines sales
            left join marts.dim_fiscal_periods period on period.company_code = split_part(sales.item_id, '/', 1)
                and shipment_date between period.period_start_date and period.period_end_date
            {_OF_SALE}
            where shipment_date between $period_start_date and $period_end_date and {_MEMBER} order by all""",
    ),
    "any_revenue": Query(
        "Does any sale carry revenue?", "是否有销售带收入金额",
        """select split_part(item_id, '/', 1) as company_code, count(revenue_value) > 0 as has_revenue
           from marts.fct_sales_lines group by all order by all""",
    ),
    "targets": Query(
        "Targets", "目标值",
        "select * from marts.dim_kpi_targets where kpi = 'inventory_turnover' order by all",
    ),
}  # fmt: skip
