-- Which item replaces which, for how much of its demand and from when on.
with successors as (
    select * from {{ ref('stg_item_successors') }}
),

final as (
    select
        predecessor_item_id,
        successor_item_id,
        share_rate,
        valid_from_date
    from successors
    where predecessor_item_id <> successor_item_id
)

select * from final
