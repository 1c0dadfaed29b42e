-- What to count next, and why: recounts first, then books below zero, then cycle counts that are due by class, the dearest first.
-- Cycles by class: A monthly, B quarterly, C twice a year, the usual practice of cycle counting; the money at risk orders what is due.
with item_warehouses as (
    select * from {{ ref('int_item_warehouses') }}
),

balances as (
    select * from {{ ref('int_item_warehouse_balances') }}
),

counts as (
    select * from {{ ref('rec_book_count') }}
),

differences as (
    select * from {{ ref('rec_differences') }}
),

classes as (
    select * from {{ ref('dim_item_classes') }}
),

run_parameters as (
    select * from {{ source('control', 'run_parameters') }}
),

stock_now as (
    select
        balances.item_id,
        balances.warehouse_id,
        balances.on_hand_units
    from balances
    cross join run_parameters
    where
        run_parameters.as_of_date >= balances.valid_from_date
        and run_parameters.as_of_date <= balances.valid_to_date
),

last_counts as (
    select
        *,
        row_number() over (partition by item_id, warehouse_id order by count_date desc, count_no desc) as recency
    from counts
),

-- Beyond tolerance and not yet posted: by a count, or by the WMS, as long as the difference is open.
open_differences as (
    select
        item_id,
        warehouse_id,
        comparison,
        count_no,
        first_date,
        variance_after_units,
        row_number() over (
            partition by item_id, warehouse_id
            order by first_date desc, comparison asc, count_no desc
        ) as recency
    from differences
    where
        comparison in ('book_count', 'book_wms')
        and is_beyond_tolerance
        and not is_posted
),

-- How much of what was counted turned out otherwise: the company's own experience prices what was not counted yet.
experience as (
    select
        {{ company_of('counts.item_id') }} as company_code,
        sum(abs(counts.variance_value)) as gross_variance_value,
        sum(abs(counts.book_units * item_warehouses.unit_cost_latest)) as counted_value
    from counts
    inner join item_warehouses
        on counts.item_id = item_warehouses.item_id and counts.warehouse_id = item_warehouses.warehouse_id
    group by {{ company_of('counts.item_id') }}
),

joined as (
    select
        item_warehouses.item_id,
        item_warehouses.warehouse_id,
        item_warehouses.item_code,
        item_warehouses.warehouse_code,
        item_warehouses.owner_name,
        coalesce(cast(classes.abc_class as varchar), 'C') as abc_class,
        coalesce(stock_now.on_hand_units, 0) as on_hand_units,
        coalesce(stock_now.on_hand_units, 0) * item_warehouses.unit_cost_latest as stock_value,
        item_warehouses.unit_cost_latest,
        last_counts.count_date as last_count_date,
        last_counts.count_no as last_count_no,
        last_counts.variance_rate as last_variance_rate,
        last_counts.tolerance_rate,
        coalesce(not last_counts.is_accurate and last_counts.posted_doc_no is null, false) as was_inaccurate,
        open_differences.comparison,
        open_differences.variance_after_units,
        open_differences.first_date as difference_date,
        experience.gross_variance_value / nullif(experience.counted_value, 0) as experienced_rate,
        run_parameters.as_of_date,
        case coalesce(cast(classes.abc_class as varchar), 'C') when 'A' then 30 when 'B' then 90 else 180 end as cycle_days
    from item_warehouses
    cross join run_parameters
    left join experience on {{ company_of('item_warehouses.item_id') }} = experience.company_code
    left join stock_now on item_warehouses.item_id = stock_now.item_id and item_warehouses.warehouse_id = stock_now.warehouse_id
    left join classes on item_warehouses.item_id = classes.item_id and item_warehouses.warehouse_id = classes.warehouse_id
    left join last_counts
        on
            item_warehouses.item_id = last_counts.item_id
            and item_warehouses.warehouse_id = last_counts.warehouse_id
            and last_counts.recency = 1
    left join open_differences
        on
            item_warehouses.item_id = open_differences.item_id
            and item_warehouses.warehouse_id = open_differences.warehouse_id
            and open_differences.recency = 1
            and open_differences.variance_after_units <> 0
            -- A later count that agreed has settled it.
            and (last_counts.count_date is null or last_counts.count_date <= open_differences.first_date)
),

judged as (
    select
        *,
        case
            when was_inaccurate or comparison is not null then 'recount'
            when on_hand_units < 0 then 'negative_book'
            when last_count_date is null then 'never_counted'
            when {{ days_between('last_count_date', 'as_of_date') }} >= cycle_days then 'cycle_due'
        end as count_reason,
        coalesce(
            abs(variance_after_units * unit_cost_latest),
            abs(stock_value) * case when was_inaccurate then last_variance_rate else experienced_rate end
        ) as risk_value
    from joined
    where on_hand_units <> 0 or was_inaccurate or comparison is not null
),

final as (
    select
        item_id,
        warehouse_id,
        item_code,
        warehouse_code,
        owner_name,
        abc_class,
        count_reason,
        case when count_reason = 'recount' then 'recount' else 'count' end as count_task,
        cast(
            row_number() over (
                -- Money of companies with books in several currencies is not compared.
                partition by {{ company_of('item_id') }}
                order by
                    case count_reason when 'recount' then 1 when 'negative_book' then 2 else 3 end,
                    coalesce(risk_value, 0) desc,
                    item_id asc,
                    warehouse_id asc
            ) as bigint
        ) as count_priority,
        {{ as_units('on_hand_units') }} as on_hand_units,
        {{ as_value('stock_value') }} as stock_value,
        {{ as_value('risk_value') }} as risk_value,
        case when risk_value is null then 'not_available: no cost or no count yet' else 'ok' end as risk_status,
        cast(cycle_days as bigint) as cycle_days,
        last_count_date,
        last_count_no,
        cast({{ days_between('last_count_date', 'as_of_date') }} as bigint) as days_since_count,
        cast(last_variance_rate as double) as last_variance_rate,
        cast(tolerance_rate as double) as tolerance_rate,
        difference_date,
        {{ as_units('variance_after_units') }} as difference_units
    from judged
    where count_reason is not null
)

select * from final
