-- What each company delivers about its stock, and so what its ledger is built from: documents, stock lists, or nothing. A metric whose
-- input is not delivered is not available, whatever number the rest would give.
with movements as (
    select * from {{ ref('stg_stock_movements') }}
),

stock_lists as (
    select * from {{ ref('stg_stock_on_hand') }}
),

shipments as (
    select * from {{ ref('stg_sales_shipment_lines') }}
),

sales_order_lines as (
    select * from {{ ref('stg_sales_order_lines') }}
),

items as (
    select * from {{ ref('stg_items') }}
),

source_capabilities as (
    select * from {{ source('control', 'source_capabilities') }}
),

run_parameters as (
    select * from {{ source('control', 'run_parameters') }}
),

moved as (
    select
        movements.company_code,
        count(*) as movements,
        sum(case when movements.movement_type <> 'opening' then 1 else 0 end) as documents,
        sum(case when movements.quantity_units > 0 then 1 else 0 end) as inward
    from movements
    cross join run_parameters
    where {{ is_effective('movements.doc_status') }} and movements.business_date <= run_parameters.as_of_date
    group by movements.company_code
),

-- What the mappings say of the sources that brought movements or lists.
said as (
    select
        instances.company_code,
        max(case when source_capabilities.is_available then 1 else 0 end) = 1 as says_ledger
    from (
        select
            company_code,
            source_instance
        from movements
        union distinct
        select
            company_code,
            source_instance
        from stock_lists
    ) as instances
    inner join source_capabilities
        on
            instances.source_instance = source_capabilities.source_instance
            and source_capabilities.contract in ('stock_movement', 'stock_on_hand')
            and source_capabilities.capability = 'has_ledger'
    group by instances.company_code
),

listed as (
    select
        stock_lists.company_code,
        count(distinct stock_lists.as_of_date) as stock_lists,
        min(stock_lists.as_of_date) as first_list_date,
        max(stock_lists.as_of_date) as last_list_date,
        count(*) = count(stock_lists.last_receipt_date) as has_receipt_dates
    from stock_lists
    cross join run_parameters
    where stock_lists.as_of_date <= run_parameters.as_of_date
    group by stock_lists.company_code
),

sold as (
    select
        shipments.company_code,
        count(*) as shipments
    from shipments
    cross join run_parameters
    where {{ is_effective('shipments.doc_status') }} and shipments.shipment_date <= run_parameters.as_of_date
    group by shipments.company_code
),

companies as (
    select company_code from moved
    union distinct
    select company_code from listed
    union distinct
    select company_code from sold
    union distinct
    select company_code from sales_order_lines
    union distinct
    select company_code from items
),

based as (
    select
        companies.company_code,
        coalesce(moved.documents, 0) as documents,
        coalesce(listed.stock_lists, 0) as stock_lists,
        listed.first_list_date,
        listed.last_list_date,
        coalesce(listed.has_receipt_dates, false) as has_receipt_dates,
        coalesce(sold.shipments, 0) as shipments,
        coalesce(said.says_ledger, true) as says_ledger,
        case
            when
                moved.movements > 0
                and coalesce(said.says_ledger, true)
                and (moved.inward > 0 or listed.stock_lists is null)
                then 'documents'
            when listed.stock_lists > 0 then 'balances'
            when moved.inward > 0 then 'documents'
            else 'none'
        end as ledger_basis,
        coalesce(moved.inward, 0) as inward
    from companies
    left join moved on companies.company_code = moved.company_code
    left join said on companies.company_code = said.company_code
    left join listed on companies.company_code = listed.company_code
    left join sold on companies.company_code = sold.company_code
),

final as (
    select
        company_code,
        case when ledger_basis = 'documents' and inward = 0 then 'none' else ledger_basis end as ledger_basis,
        cast(documents as bigint) as documents,
        cast(stock_lists as bigint) as stock_lists,
        first_list_date,
        last_list_date,
        case
            when ledger_basis = 'none' or (ledger_basis = 'documents' and inward = 0)
                then 'not_available: no stock list and no receipts from any source'
            else 'ok'
        end as stock_status,
        case
            when ledger_basis = 'none' or (ledger_basis = 'documents' and inward = 0)
                then 'not_available: no stock list and no receipts from any source'
            when ledger_basis = 'documents' and documents = 0 and not says_ledger then 'not_available: no issues from any source'
            when ledger_basis = 'balances' and stock_lists < 2 then 'not_available: one stock list shows no issues'
            when ledger_basis = 'balances' and shipments = 0 and documents = 0 then 'not_available: stock lists without issues'
            else 'ok'
        end as issues_status,
        case
            when ledger_basis = 'balances' and not has_receipt_dates then 'not_available: the stock lists have no receipt dates'
            else 'ok'
        end as age_status
    from based
)

select * from final
