with suppliers as (
    select * from {{ ref('stg_suppliers') }}
),

order_lines as (
    select * from {{ ref('stg_purchase_order_lines') }}
),

ranked as (
    select
        *,
        row_number() over (partition by supplier_id order by source_instance) as instance_rank
    from suppliers
),

ordered as (
    select
        supplier_id,
        count(*) as order_lines,
        min(order_date) as first_order_date,
        max(order_date) as last_order_date
    from order_lines
    group by supplier_id
),

all_suppliers as (
    select supplier_id from suppliers
    union distinct
    select supplier_id from ordered
),

final as (
    select
        all_suppliers.supplier_id,
        coalesce(ranked.company_code, split_part(all_suppliers.supplier_id, '/', 1)) as company_code,
        coalesce(ranked.supplier_code, split_part(all_suppliers.supplier_id, '/', 2)) as supplier_code,
        ranked.supplier_name,
        ranked.supplier_class,
        ranked.lead_time_days as agreed_lead_time_days,
        ranked.payment_term_days,
        coalesce(ranked.is_active, true) as is_active,
        ranked.buyer_name,
        coalesce(ordered.order_lines, 0) as order_lines,
        ordered.first_order_date,
        ordered.last_order_date,
        ranked.supplier_id is not null as has_master_record
    from all_suppliers
    left join ranked on all_suppliers.supplier_id = ranked.supplier_id and ranked.instance_rank = 1
    left join ordered on all_suppliers.supplier_id = ordered.supplier_id
)

select * from final
