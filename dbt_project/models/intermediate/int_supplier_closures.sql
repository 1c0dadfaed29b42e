-- Days on which a supplier neither takes orders nor delivers, those that are not over yet.
with closures as (
    select * from {{ ref('stg_supplier_closures') }}
),

run_parameters as (
    select * from {{ source('control', 'run_parameters') }}
),

final as (
    select
        closures.supplier_id,
        closures.from_date,
        closures.to_date
    from closures
    cross join run_parameters
    where closures.to_date >= run_parameters.as_of_date and closures.to_date >= closures.from_date
)

select * from final
