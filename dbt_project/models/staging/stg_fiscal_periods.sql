with source as (
    select * from {{ source('landing', 'fiscal_period') }}
),

final as (
    select
        {{ contract_columns('fiscal_period') }},
        {{ envelope() }}
    from source
)

select * from final
