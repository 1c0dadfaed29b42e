-- Days of inventory + days of receivables - days of payables, of each company as a whole. Open items are as the books state them,
-- tax included where the source includes it; each list is the newest on or before the run.
with turnover as (
    select * from {{ ref('fct_turnover') }}
),

receivables as (
    select * from {{ ref('stg_ar_open_items') }}
),

payables as (
    select * from {{ ref('stg_ap_open_items') }}
),

sales_lines as (
    select * from {{ ref('fct_sales_lines') }}
),

run_parameters as (
    select * from {{ source('control', 'run_parameters') }}
),

open_items as (
    select
        'receivable' as item_kind,
        company_code,
        source_instance,
        as_of_date,
        open_value
    from receivables
    union all
    select
        'payable' as item_kind,
        company_code,
        source_instance,
        as_of_date,
        open_value
    from payables
),

newest as (
    select
        open_items.item_kind,
        open_items.company_code,
        open_items.source_instance,
        max(open_items.as_of_date) as as_of_date
    from open_items
    cross join run_parameters
    where open_items.as_of_date <= run_parameters.as_of_date
    group by open_items.item_kind, open_items.company_code, open_items.source_instance
),

balances as (
    select
        open_items.company_code,
        min(case when open_items.item_kind = 'receivable' then open_items.as_of_date end) as receivable_date,
        sum(case when open_items.item_kind = 'receivable' then open_items.open_value end) as receivable_value,
        min(case when open_items.item_kind = 'payable' then open_items.as_of_date end) as payable_date,
        sum(case when open_items.item_kind = 'payable' then open_items.open_value end) as payable_value
    from open_items
    inner join newest
        on
            open_items.item_kind = newest.item_kind
            and open_items.company_code = newest.company_code
            and open_items.source_instance = newest.source_instance
            and open_items.as_of_date = newest.as_of_date
    group by open_items.company_code
),

windows as (
    select
        turnover.company_code,
        turnover.currency_code,
        turnover.period_kind,
        turnover.period_start_date,
        turnover.period_end_date,
        turnover.period_days,
        turnover.average_inventory_value,
        turnover.cogs_value,
        turnover.days_inventory_outstanding,
        sum(sales_lines.revenue_value) as sales_value
    from turnover
    left join sales_lines
        on
            turnover.company_code = {{ company_of('sales_lines.item_id') }}
            and sales_lines.shipment_date between turnover.period_start_date and turnover.period_end_date
    where turnover.scope = 'company' and turnover.period_kind in ('rolling_30', 'rolling_90', 'rolling_365')
    group by
        turnover.company_code,
        turnover.currency_code,
        turnover.period_kind,
        turnover.period_start_date,
        turnover.period_end_date,
        turnover.period_days,
        turnover.average_inventory_value,
        turnover.cogs_value,
        turnover.days_inventory_outstanding
),

measured as (
    select
        windows.*,
        balances.receivable_date,
        balances.receivable_value,
        balances.payable_date,
        balances.payable_value,
        case when windows.sales_value > 0 then {{ ratio('balances.receivable_value * windows.period_days', 'windows.sales_value') }} end
            as days_sales_outstanding,
        case when windows.cogs_value > 0 then {{ ratio('balances.payable_value * windows.period_days', 'windows.cogs_value') }} end
            as days_payable_outstanding
    from windows
    left join balances on windows.company_code = balances.company_code
),

final as (
    select
        company_code,
        currency_code,
        period_kind,
        period_start_date,
        period_end_date,
        period_days,
        average_inventory_value,
        cogs_value,
        days_inventory_outstanding,
        receivable_date,
        {{ as_value('receivable_value') }} as receivable_value,
        {{ as_value('sales_value') }} as sales_value,
        days_sales_outstanding,
        payable_date,
        {{ as_value('payable_value') }} as payable_value,
        days_payable_outstanding,
        round(days_inventory_outstanding + days_sales_outstanding - days_payable_outstanding, 6) as cash_conversion_days,
        case
            when days_inventory_outstanding is null then 'not_available: no cost or nothing sold'
            when receivable_value is null then 'not_available: no open receivables in any source'
            when days_sales_outstanding is null then 'not_available: no revenue in any source'
            when payable_value is null then 'not_available: no open payables in any source'
            else 'ok'
        end as cash_conversion_status
    from measured
)

select * from final
