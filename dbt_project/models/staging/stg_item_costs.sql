with landed as (
    select * from {{ source('landing', 'item_cost') }}
),

source as (
    {{ with_exchange_rate('landed', 'effective_date') }}
),

final as (
    select
        {{ item_key('company_code', 'item_code', 'variant_key') }} as item_id,
        item_code,
        variant_key,
        cost_scope,
        scope_code,
        lot_no,
        effective_date,
        cost_method,
        {{ in_company_currency('unit_cost', 'decimal(28, 8)') }} as unit_cost,
        unit_cost as document_unit_cost,
        {{ document_currency() }} as currency_code,
        exchange_rate,
        cost_status,
        {{ envelope() }}
    from source
)

select * from final
