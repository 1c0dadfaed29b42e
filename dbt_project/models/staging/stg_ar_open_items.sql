with source as (
    select * from {{ source('landing', 'ar_open_item') }}
),

final as (
    select
        as_of_date,
        doc_type,
        doc_id,
        line_id,
        doc_no,
        customer_code,
        doc_date,
        due_date,
        currency,
        original_value,
        settled_value,
        open_value,
        is_advance,
        {{ envelope() }}
    from source
)

select * from final
