{# Written by `python -m assets.publish.kpis` from assets/publish/kpis/catalogue.yml; change the catalogue, not this file. #}

{% macro kpi_where_item_warehouses() -%}
    is_stocked
{%- endmacro %}

{% macro kpi_sums_item_warehouses() -%}
    sum(case when value_status = 'ok' then cast(inventory_value as decimal(38, 6)) end) as inventory_capital_numerator,
    sum(case when value_status = 'ok' then 1 else 0 end) as inventory_capital_known,
    sum(case when cogs_value_365 is not null and average_inventory_value_365 is not null then cast(cogs_value_365 * 365.0 / turnover_period_days as decimal(38, 6)) end) as inventory_turnover_numerator,
    sum(case when cogs_value_365 is not null and average_inventory_value_365 is not null then cast(average_inventory_value_365 as decimal(38, 6)) end) as inventory_turnover_denominator,
    sum(case when cogs_value_365 is not null and average_inventory_value_365 is not null then 1 else 0 end) as inventory_turnover_known,
    sum(case when cogs_value_365 is not null and average_inventory_value_365 is not null then cast(average_inventory_value_365 * turnover_period_days as decimal(38, 6)) end) as days_inventory_outstanding_numerator,
    sum(case when cogs_value_365 is not null and average_inventory_value_365 is not null then cast(cogs_value_365 as decimal(38, 6)) end) as days_inventory_outstanding_denominator,
    sum(case when cogs_value_365 is not null and average_inventory_value_365 is not null then 1 else 0 end) as days_inventory_outstanding_known,
    sum(case when carrying_cost_value_365 is not null then cast(carrying_cost_value_365 as decimal(38, 6)) end) as carrying_cost_value_numerator,
    sum(case when carrying_cost_value_365 is not null then 1 else 0 end) as carrying_cost_value_known,
    sum(case when carrying_cost_value_365 is not null then cast(carrying_cost_value_365 * 365.0 / turnover_period_days as decimal(38, 6)) end) as carrying_cost_rate_numerator,
    sum(case when carrying_cost_value_365 is not null then cast(average_inventory_value_365 as decimal(38, 6)) end) as carrying_cost_rate_denominator,
    sum(case when carrying_cost_value_365 is not null then 1 else 0 end) as carrying_cost_rate_known,
    sum(case when cogs_value_365 is not null and average_inventory_value_365 is not null and booked_loss_value_365 is not null then cast(booked_loss_value_365 * 365.0 / turnover_period_days as decimal(38, 6)) end) as loss_rate_numerator,
    sum(case when cogs_value_365 is not null and average_inventory_value_365 is not null and booked_loss_value_365 is not null then cast(average_inventory_value_365 as decimal(38, 6)) end) as loss_rate_denominator,
    sum(case when cogs_value_365 is not null and average_inventory_value_365 is not null and booked_loss_value_365 is not null then 1 else 0 end) as loss_rate_known,
    sum(case when value_status = 'ok' then cast(dead_stock_value as decimal(38, 6)) end) as dead_stock_rate_numerator,
    sum(case when value_status = 'ok' then cast(greatest(inventory_value, 0) as decimal(38, 6)) end) as dead_stock_rate_denominator,
    sum(case when value_status = 'ok' then 1 else 0 end) as dead_stock_rate_known,
    sum(case when value_status = 'ok' then cast(long_dead_stock_value as decimal(38, 6)) end) as long_dead_stock_rate_numerator,
    sum(case when value_status = 'ok' then cast(greatest(inventory_value, 0) as decimal(38, 6)) end) as long_dead_stock_rate_denominator,
    sum(case when value_status = 'ok' then 1 else 0 end) as long_dead_stock_rate_known,
    sum(case when value_status = 'ok' then cast(slow_moving_value as decimal(38, 6)) end) as slow_moving_rate_numerator,
    sum(case when value_status = 'ok' then cast(greatest(inventory_value, 0) as decimal(38, 6)) end) as slow_moving_rate_denominator,
    sum(case when value_status = 'ok' then 1 else 0 end) as slow_moving_rate_known,
    sum(case when value_status = 'ok' and near_expiry_value is not null then cast(near_expiry_value as decimal(38, 6)) end) as near_expiry_rate_numerator,
    sum(case when value_status = 'ok' and near_expiry_value is not null then cast(greatest(inventory_value, 0) as decimal(38, 6)) end) as near_expiry_rate_denominator,
    sum(case when value_status = 'ok' and near_expiry_value is not null then 1 else 0 end) as near_expiry_rate_known,
    sum(case when value_status = 'ok' and excess_stock_value is not null then cast(excess_stock_value as decimal(38, 6)) end) as excess_rate_numerator,
    sum(case when value_status = 'ok' and excess_stock_value is not null then cast(greatest(inventory_value, 0) as decimal(38, 6)) end) as excess_rate_denominator,
    sum(case when value_status = 'ok' and excess_stock_value is not null then 1 else 0 end) as excess_rate_known,
    sum(case when service_status = 'ok' then cast(stockout_lines_365 as decimal(38, 6)) end) as stockout_line_rate_numerator,
    sum(case when service_status = 'ok' then cast(due_lines_365 as decimal(38, 6)) end) as stockout_line_rate_denominator,
    sum(case when service_status = 'ok' then 1 else 0 end) as stockout_line_rate_known,
    sum(case when service_status = 'ok' then cast(on_time_units_365 as decimal(38, 6)) end) as fill_rate_numerator,
    sum(case when service_status = 'ok' then cast(due_units_365 as decimal(38, 6)) end) as fill_rate_denominator,
    sum(case when service_status = 'ok' then 1 else 0 end) as fill_rate_known,
    sum(case when ordered_units_365 > 0 then cast(cancelled_units_365 as decimal(38, 6)) end) as cancelled_unit_rate_numerator,
    sum(case when ordered_units_365 > 0 then cast(ordered_units_365 as decimal(38, 6)) end) as cancelled_unit_rate_denominator,
    sum(case when ordered_units_365 > 0 then 1 else 0 end) as cancelled_unit_rate_known
    {{ adapter.dispatch('own_kpi_sums', 'stockturn')('item_warehouses') }}
{%- endmacro %}

{% macro kpi_rows_item_warehouses(relation) -%}
    select
        'inventory_capital' as kpi,
        company_code,
        scope,
        scope_value,
        case when inventory_capital_known > 0 then inventory_capital_numerator end as numerator,
        case when inventory_capital_known > 0 then cast(null as decimal(38, 6)) end as denominator,
        inventory_capital_known as known_rows,
        all_rows,
        true as is_amount,
        true as is_money,
        'not_available: no cost in any source' as missing_status,
        'not_available: no cost in any source' as empty_status,
        'lower' as direction
    from {{ relation }}
    union all
    select
        'inventory_turnover' as kpi,
        company_code,
        scope,
        scope_value,
        case when inventory_turnover_known > 0 then inventory_turnover_numerator end as numerator,
        case when inventory_turnover_known > 0 then inventory_turnover_denominator end as denominator,
        inventory_turnover_known as known_rows,
        all_rows,
        false as is_amount,
        true as is_money,
        'not_available: no cost in any source' as missing_status,
        'not_available: no cost in any source' as empty_status,
        'higher' as direction
    from {{ relation }}
    union all
    select
        'days_inventory_outstanding' as kpi,
        company_code,
        scope,
        scope_value,
        case when days_inventory_outstanding_known > 0 then days_inventory_outstanding_numerator end as numerator,
        case when days_inventory_outstanding_known > 0 then days_inventory_outstanding_denominator end as denominator,
        days_inventory_outstanding_known as known_rows,
        all_rows,
        false as is_amount,
        true as is_money,
        'not_available: no cost in any source' as missing_status,
        'no_sales' as empty_status,
        'lower' as direction
    from {{ relation }}
    union all
    select
        'carrying_cost_value' as kpi,
        company_code,
        scope,
        scope_value,
        case when carrying_cost_value_known > 0 then carrying_cost_value_numerator end as numerator,
        case when carrying_cost_value_known > 0 then cast(null as decimal(38, 6)) end as denominator,
        carrying_cost_value_known as known_rows,
        all_rows,
        true as is_amount,
        true as is_money,
        'not_available: no cost in any source' as missing_status,
        'not_available: no cost in any source' as empty_status,
        'lower' as direction
    from {{ relation }}
    union all
    select
        'carrying_cost_rate' as kpi,
        company_code,
        scope,
        scope_value,
        case when carrying_cost_rate_known > 0 then carrying_cost_rate_numerator end as numerator,
        case when carrying_cost_rate_known > 0 then carrying_cost_rate_denominator end as denominator,
        carrying_cost_rate_known as known_rows,
        all_rows,
        false as is_amount,
        true as is_money,
        'not_available: no cost in any source' as missing_status,
        'not_available: no cost in any source' as empty_status,
        'lower' as direction
    from {{ relation }}
    union all
    select
        'loss_rate' as kpi,
        company_code,
        scope,
        scope_value,
        case when loss_rate_known > 0 then loss_rate_numerator end as numerator,
        case when loss_rate_known > 0 then loss_rate_denominator end as denominator,
        loss_rate_known as known_rows,
        all_rows,
        false as is_amount,
        true as is_money,
        'not_available: no cost in any source' as missing_status,
        'not_available: no cost in any source' as empty_status,
        'lower' as direction
    from {{ relation }}
    union all
    select
        'dead_stock_rate' as kpi,
        company_code,
        scope,
        scope_value,
        case when dead_stock_rate_known > 0 then dead_stock_rate_numerator end as numerator,
        case when dead_stock_rate_known > 0 then dead_stock_rate_denominator end as denominator,
        dead_stock_rate_known as known_rows,
        all_rows,
        false as is_amount,
        true as is_money,
        'not_available: no cost in any source' as missing_status,
        'not_available: no cost in any source' as empty_status,
        'lower' as direction
    from {{ relation }}
    union all
    select
        'long_dead_stock_rate' as kpi,
        company_code,
        scope,
        scope_value,
        case when long_dead_stock_rate_known > 0 then long_dead_stock_rate_numerator end as numerator,
        case when long_dead_stock_rate_known > 0 then long_dead_stock_rate_denominator end as denominator,
        long_dead_stock_rate_known as known_rows,
        all_rows,
        false as is_amount,
        true as is_money,
        'not_available: no cost in any source' as missing_status,
        'not_available: no cost in any source' as empty_status,
        'lower' as direction
    from {{ relation }}
    union all
    select
        'slow_moving_rate' as kpi,
        company_code,
        scope,
        scope_value,
        case when slow_moving_rate_known > 0 then slow_moving_rate_numerator end as numerator,
        case when slow_moving_rate_known > 0 then slow_moving_rate_denominator end as denominator,
        slow_moving_rate_known as known_rows,
        all_rows,
        false as is_amount,
        true as is_money,
        'not_available: no cost in any source' as missing_status,
        'not_available: no cost in any source' as empty_status,
        'lower' as direction
    from {{ relation }}
    union all
    select
        'near_expiry_rate' as kpi,
        company_code,
        scope,
        scope_value,
        case when near_expiry_rate_known > 0 then near_expiry_rate_numerator end as numerator,
        case when near_expiry_rate_known > 0 then near_expiry_rate_denominator end as denominator,
        near_expiry_rate_known as known_rows,
        all_rows,
        false as is_amount,
        true as is_money,
        'not_available: no cost in any source' as missing_status,
        'not_available: no cost in any source' as empty_status,
        'lower' as direction
    from {{ relation }}
    union all
    select
        'excess_rate' as kpi,
        company_code,
        scope,
        scope_value,
        case when excess_rate_known > 0 then excess_rate_numerator end as numerator,
        case when excess_rate_known > 0 then excess_rate_denominator end as denominator,
        excess_rate_known as known_rows,
        all_rows,
        false as is_amount,
        true as is_money,
        'not_available: no cost or no plan' as missing_status,
        'not_available: no cost or no plan' as empty_status,
        'lower' as direction
    from {{ relation }}
    union all
    select
        'stockout_line_rate' as kpi,
        company_code,
        scope,
        scope_value,
        case when stockout_line_rate_known > 0 then stockout_line_rate_numerator end as numerator,
        case when stockout_line_rate_known > 0 then stockout_line_rate_denominator end as denominator,
        stockout_line_rate_known as known_rows,
        all_rows,
        false as is_amount,
        false as is_money,
        'not_available: no order lines due' as missing_status,
        'not_available: no order lines due' as empty_status,
        'lower' as direction
    from {{ relation }}
    union all
    select
        'fill_rate' as kpi,
        company_code,
        scope,
        scope_value,
        case when fill_rate_known > 0 then fill_rate_numerator end as numerator,
        case when fill_rate_known > 0 then fill_rate_denominator end as denominator,
        fill_rate_known as known_rows,
        all_rows,
        false as is_amount,
        false as is_money,
        'not_available: no order lines due' as missing_status,
        'not_available: no order lines due' as empty_status,
        'higher' as direction
    from {{ relation }}
    union all
    select
        'cancelled_unit_rate' as kpi,
        company_code,
        scope,
        scope_value,
        case when cancelled_unit_rate_known > 0 then cancelled_unit_rate_numerator end as numerator,
        case when cancelled_unit_rate_known > 0 then cancelled_unit_rate_denominator end as denominator,
        cancelled_unit_rate_known as known_rows,
        all_rows,
        false as is_amount,
        false as is_money,
        'not_available: no order lines' as missing_status,
        'not_available: no order lines' as empty_status,
        'lower' as direction
    from {{ relation }}
    {{ adapter.dispatch('own_kpi_rows', 'stockturn')('item_warehouses', relation) }}
{%- endmacro %}

{% macro kpi_where_order_lines() -%}
    is_promise_due and is_promise_last_365_days
{%- endmacro %}

{% macro kpi_sums_order_lines() -%}
    cast(count(distinct case when true then source_instance || '|' || so_no end) - count(distinct case when true and not is_on_time then source_instance || '|' || so_no end) as decimal(38, 6)) as on_time_delivery_rate_numerator,
    cast(count(distinct case when true then source_instance || '|' || so_no end) as decimal(38, 6)) as on_time_delivery_rate_denominator,
    sum(case when true then 1 else 0 end) as on_time_delivery_rate_known
    {{ adapter.dispatch('own_kpi_sums', 'stockturn')('order_lines') }}
{%- endmacro %}

{% macro kpi_rows_order_lines(relation) -%}
    select
        'on_time_delivery_rate' as kpi,
        company_code,
        scope,
        scope_value,
        case when on_time_delivery_rate_known > 0 then on_time_delivery_rate_numerator end as numerator,
        case when on_time_delivery_rate_known > 0 then on_time_delivery_rate_denominator end as denominator,
        on_time_delivery_rate_known as known_rows,
        all_rows,
        false as is_amount,
        false as is_money,
        'not_available: no orders due' as missing_status,
        'not_available: no orders due' as empty_status,
        'higher' as direction
    from {{ relation }}
    {{ adapter.dispatch('own_kpi_rows', 'stockturn')('order_lines', relation) }}
{%- endmacro %}

{% macro kpi_where_purchase_lines() -%}
    is_due and is_last_365_days
{%- endmacro %}

{% macro kpi_sums_purchase_lines() -%}
    sum(case when true then cast(case when is_on_time then 1 else 0 end as decimal(38, 6)) end) as supplier_on_time_rate_numerator,
    sum(case when true then cast(1 as decimal(38, 6)) end) as supplier_on_time_rate_denominator,
    sum(case when true then 1 else 0 end) as supplier_on_time_rate_known
    {{ adapter.dispatch('own_kpi_sums', 'stockturn')('purchase_lines') }}
{%- endmacro %}

{% macro kpi_rows_purchase_lines(relation) -%}
    select
        'supplier_on_time_rate' as kpi,
        company_code,
        scope,
        scope_value,
        case when supplier_on_time_rate_known > 0 then supplier_on_time_rate_numerator end as numerator,
        case when supplier_on_time_rate_known > 0 then supplier_on_time_rate_denominator end as denominator,
        supplier_on_time_rate_known as known_rows,
        all_rows,
        false as is_amount,
        false as is_money,
        'not_available: no purchase order lines due' as missing_status,
        'not_available: no purchase order lines due' as empty_status,
        'higher' as direction
    from {{ relation }}
    {{ adapter.dispatch('own_kpi_rows', 'stockturn')('purchase_lines', relation) }}
{%- endmacro %}

{% macro kpi_where_count_lines() -%}
    is_last_365_days
{%- endmacro %}

{% macro kpi_sums_count_lines() -%}
    sum(case when true then cast(case when is_accurate then 1 else 0 end as decimal(38, 6)) end) as record_accuracy_rate_numerator,
    sum(case when true then cast(1 as decimal(38, 6)) end) as record_accuracy_rate_denominator,
    sum(case when true then 1 else 0 end) as record_accuracy_rate_known
    {{ adapter.dispatch('own_kpi_sums', 'stockturn')('count_lines') }}
{%- endmacro %}

{% macro kpi_rows_count_lines(relation) -%}
    select
        'record_accuracy_rate' as kpi,
        company_code,
        scope,
        scope_value,
        case when record_accuracy_rate_known > 0 then record_accuracy_rate_numerator end as numerator,
        case when record_accuracy_rate_known > 0 then record_accuracy_rate_denominator end as denominator,
        record_accuracy_rate_known as known_rows,
        all_rows,
        false as is_amount,
        false as is_money,
        'not_available: nothing counted' as missing_status,
        'not_available: nothing counted' as empty_status,
        'higher' as direction
    from {{ relation }}
    {{ adapter.dispatch('own_kpi_rows', 'stockturn')('count_lines', relation) }}
{%- endmacro %}

{% macro kpi_definitions() -%}
    select
        'inventory_capital' as kpi,
        'Capital tied up' as label_en,
        '库存资金占用' as label_zh,
        'Inventory value at the date: on-hand quantity x unit cost; own, costed stock.' as meaning,
        'sum(inventory_value)' as formula,
        'item_warehouses' as base_table,
        'money' as kind,
        'lower' as direction,
        'at the date' as window_text,
        '' as owner_role,
        '' as owner_role_zh,
        cast(null as double) as target_rate,
        cast(null as double) as floor_rate,
        cast(null as double) as ceiling_rate
    union all
    select
        'inventory_turnover' as kpi,
        'Turnover (a year)' as label_en,
        '库存周转率（年）' as label_zh,
        'Cost of goods sold, scaled to a year / time-weighted average inventory value.' as meaning,
        'sum(cogs_value_365 * 365.0 / turnover_period_days) / sum(average_inventory_value_365)' as formula,
        'item_warehouses' as base_table,
        'turns' as kind,
        'higher' as direction,
        '365 days, or as many as the ledger covers' as window_text,
        'Inventory manager' as owner_role,
        '库存经理' as owner_role_zh,
        cast(8.0 as double) as target_rate,
        cast(6.0 as double) as floor_rate,
        cast(null as double) as ceiling_rate
    union all
    select
        'days_inventory_outstanding' as kpi,
        'Days of inventory' as label_en,
        '库存天数' as label_zh,
        'Days of the window x average inventory value / cost of goods sold.' as meaning,
        'sum(average_inventory_value_365 * turnover_period_days) / sum(cogs_value_365)' as formula,
        'item_warehouses' as base_table,
        'days' as kind,
        'lower' as direction,
        '365 days, or as many as the ledger covers' as window_text,
        '' as owner_role,
        '' as owner_role_zh,
        cast(null as double) as target_rate,
        cast(null as double) as floor_rate,
        cast(null as double) as ceiling_rate
    union all
    select
        'carrying_cost_value' as kpi,
        'Carrying cost' as label_en,
        '库存持有成本' as label_zh,
        'Storage, capital, insurance and shrinkage of the window, at the rates of the settings.' as meaning,
        'sum(carrying_cost_value_365)' as formula,
        'item_warehouses' as base_table,
        'money' as kind,
        'lower' as direction,
        '365 days, or as many as the ledger covers' as window_text,
        '' as owner_role,
        '' as owner_role_zh,
        cast(null as double) as target_rate,
        cast(null as double) as floor_rate,
        cast(null as double) as ceiling_rate
    union all
    select
        'carrying_cost_rate' as kpi,
        'Carrying cost rate (ICC)' as label_en,
        '库存持有成本率（ICC）' as label_zh,
        'Carrying cost, scaled to a year / average inventory value.' as meaning,
        'sum(carrying_cost_value_365 * 365.0 / turnover_period_days) / sum(average_inventory_value_365)' as formula,
        'item_warehouses' as base_table,
        'rate' as kind,
        'lower' as direction,
        '365 days, or as many as the ledger covers' as window_text,
        'Inventory manager' as owner_role,
        '库存经理' as owner_role_zh,
        cast(0.25 as double) as target_rate,
        cast(null as double) as floor_rate,
        cast(0.3 as double) as ceiling_rate
    union all
    select
        'loss_rate' as kpi,
        'Loss rate' as label_en,
        '库存损耗率' as label_zh,
        'Net booked losses (counted short less counted over, and scrap), scaled to a year / average inventory value.' as meaning,
        'sum(booked_loss_value_365 * 365.0 / turnover_period_days) / sum(average_inventory_value_365)' as formula,
        'item_warehouses' as base_table,
        'rate' as kind,
        'lower' as direction,
        '365 days, or as many as the ledger covers' as window_text,
        '' as owner_role,
        '' as owner_role_zh,
        cast(null as double) as target_rate,
        cast(null as double) as floor_rate,
        cast(null as double) as ceiling_rate
    union all
    select
        'dead_stock_rate' as kpi,
        'Dead stock' as label_en,
        '呆滞占比' as label_zh,
        'Value without demand for more than the dead days / value on hand.' as meaning,
        'sum(dead_stock_value) / sum(greatest(inventory_value, 0))' as formula,
        'item_warehouses' as base_table,
        'rate' as kind,
        'lower' as direction,
        'at the date' as window_text,
        'Inventory manager' as owner_role,
        '库存经理' as owner_role_zh,
        cast(0.05 as double) as target_rate,
        cast(null as double) as floor_rate,
        cast(0.08 as double) as ceiling_rate
    union all
    select
        'long_dead_stock_rate' as kpi,
        'Long dead stock' as label_en,
        '长期呆滞占比' as label_zh,
        'Value without demand for more than the long dead days / value on hand.' as meaning,
        'sum(long_dead_stock_value) / sum(greatest(inventory_value, 0))' as formula,
        'item_warehouses' as base_table,
        'rate' as kind,
        'lower' as direction,
        'at the date' as window_text,
        '' as owner_role,
        '' as owner_role_zh,
        cast(null as double) as target_rate,
        cast(null as double) as floor_rate,
        cast(null as double) as ceiling_rate
    union all
    select
        'slow_moving_rate' as kpi,
        'Slow-moving' as label_en,
        '滞销占比' as label_zh,
        'Value of stock that outlasts the dead days at the forecast pace / value on hand.' as meaning,
        'sum(slow_moving_value) / sum(greatest(inventory_value, 0))' as formula,
        'item_warehouses' as base_table,
        'rate' as kind,
        'lower' as direction,
        'at the date' as window_text,
        '' as owner_role,
        '' as owner_role_zh,
        cast(null as double) as target_rate,
        cast(null as double) as floor_rate,
        cast(null as double) as ceiling_rate
    union all
    select
        'near_expiry_rate' as kpi,
        'Near expiry' as label_en,
        '临期占比' as label_zh,
        'Value of lots that expire soon or before they sell / value on hand.' as meaning,
        'sum(near_expiry_value) / sum(greatest(inventory_value, 0))' as formula,
        'item_warehouses' as base_table,
        'rate' as kind,
        'lower' as direction,
        'at the date' as window_text,
        '' as owner_role,
        '' as owner_role_zh,
        cast(null as double) as target_rate,
        cast(null as double) as floor_rate,
        cast(null as double) as ceiling_rate
    union all
    select
        'excess_rate' as kpi,
        'Excess stock' as label_en,
        '超储占比' as label_zh,
        'Value on hand above the maximum cover / value on hand, where there is a plan; never above 1.' as meaning,
        'sum(excess_stock_value) / sum(greatest(inventory_value, 0))' as formula,
        'item_warehouses' as base_table,
        'rate' as kind,
        'lower' as direction,
        'at the date' as window_text,
        '' as owner_role,
        '' as owner_role_zh,
        cast(null as double) as target_rate,
        cast(null as double) as floor_rate,
        cast(null as double) as ceiling_rate
    union all
    select
        'stockout_line_rate' as kpi,
        'Order lines out of stock' as label_en,
        '缺货率' as label_zh,
        'Order lines that the shelf could not serve on their requested date / lines due; cancelled units are apart.' as meaning,
        'sum(stockout_lines_365) / sum(due_lines_365)' as formula,
        'item_warehouses' as base_table,
        'rate' as kind,
        'lower' as direction,
        '365 days' as window_text,
        'Planning manager' as owner_role,
        '计划主管' as owner_role_zh,
        cast(0.02 as double) as target_rate,
        cast(null as double) as floor_rate,
        cast(0.05 as double) as ceiling_rate
    union all
    select
        'fill_rate' as kpi,
        'Fill rate' as label_en,
        '满足率' as label_zh,
        'Units shipped by the requested date / units due (ordered, not cancelled).' as meaning,
        'sum(on_time_units_365) / sum(due_units_365)' as formula,
        'item_warehouses' as base_table,
        'rate' as kind,
        'higher' as direction,
        '365 days' as window_text,
        '' as owner_role,
        '' as owner_role_zh,
        cast(null as double) as target_rate,
        cast(null as double) as floor_rate,
        cast(null as double) as ceiling_rate
    union all
    select
        'cancelled_unit_rate' as kpi,
        'Units cancelled' as label_en,
        '订单取消率' as label_zh,
        'Units cancelled / units ordered: what delivery and fill rate leave out.' as meaning,
        'sum(cancelled_units_365) / sum(ordered_units_365)' as formula,
        'item_warehouses' as base_table,
        'rate' as kind,
        'lower' as direction,
        '365 days' as window_text,
        '' as owner_role,
        '' as owner_role_zh,
        cast(null as double) as target_rate,
        cast(null as double) as floor_rate,
        cast(null as double) as ceiling_rate
    union all
    select
        'on_time_delivery_rate' as kpi,
        'Orders on time' as label_en,
        '准时交货率' as label_zh,
        'Orders of which all that was not cancelled was shipped by the promised date / orders due.' as meaning,
        '1 - count(distinct source_instance || ''|'' || so_no where not is_on_time) / count(distinct source_instance || ''|'' || so_no)' as formula,
        'order_lines' as base_table,
        'rate' as kind,
        'higher' as direction,
        '365 days' as window_text,
        'Logistics manager' as owner_role,
        '物流主管' as owner_role_zh,
        cast(0.95 as double) as target_rate,
        cast(0.9 as double) as floor_rate,
        cast(null as double) as ceiling_rate
    union all
    select
        'supplier_on_time_rate' as kpi,
        'Suppliers on time' as label_en,
        '供应商准时率' as label_zh,
        'Purchase order lines received complete by their due date / lines due.' as meaning,
        'sum(case when is_on_time then 1 else 0 end) / sum(1)' as formula,
        'purchase_lines' as base_table,
        'rate' as kind,
        'higher' as direction,
        '365 days' as window_text,
        '' as owner_role,
        '' as owner_role_zh,
        cast(null as double) as target_rate,
        cast(null as double) as floor_rate,
        cast(null as double) as ceiling_rate
    union all
    select
        'record_accuracy_rate' as kpi,
        'Record accuracy' as label_en,
        '账实相符率' as label_zh,
        'Count lines within the tolerance of their class / lines counted.' as meaning,
        'sum(case when is_accurate then 1 else 0 end) / sum(1)' as formula,
        'count_lines' as base_table,
        'rate' as kind,
        'higher' as direction,
        '365 days' as window_text,
        'Warehouse manager' as owner_role,
        '仓库主管' as owner_role_zh,
        cast(0.995 as double) as target_rate,
        cast(0.98 as double) as floor_rate,
        cast(null as double) as ceiling_rate
    {{ adapter.dispatch('own_kpi_definitions', 'stockturn')() }}
{%- endmacro %}

{% macro kpi_direction_inventory_capital() -%}
    'lower'
{%- endmacro %}

{% macro kpi_direction_inventory_turnover() -%}
    'higher'
{%- endmacro %}

{% macro kpi_direction_days_inventory_outstanding() -%}
    'lower'
{%- endmacro %}

{% macro kpi_direction_carrying_cost_value() -%}
    'lower'
{%- endmacro %}

{% macro kpi_direction_carrying_cost_rate() -%}
    'lower'
{%- endmacro %}

{% macro kpi_direction_loss_rate() -%}
    'lower'
{%- endmacro %}

{% macro kpi_direction_dead_stock_rate() -%}
    'lower'
{%- endmacro %}

{% macro kpi_direction_long_dead_stock_rate() -%}
    'lower'
{%- endmacro %}

{% macro kpi_direction_slow_moving_rate() -%}
    'lower'
{%- endmacro %}

{% macro kpi_direction_near_expiry_rate() -%}
    'lower'
{%- endmacro %}

{% macro kpi_direction_excess_rate() -%}
    'lower'
{%- endmacro %}

{% macro kpi_direction_stockout_line_rate() -%}
    'lower'
{%- endmacro %}

{% macro kpi_direction_fill_rate() -%}
    'higher'
{%- endmacro %}

{% macro kpi_direction_cancelled_unit_rate() -%}
    'lower'
{%- endmacro %}

{% macro kpi_direction_on_time_delivery_rate() -%}
    'higher'
{%- endmacro %}

{% macro kpi_direction_supplier_on_time_rate() -%}
    'higher'
{%- endmacro %}

{% macro kpi_direction_record_accuracy_rate() -%}
    'higher'
{%- endmacro %}
