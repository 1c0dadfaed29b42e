-- Why the ways of measuring turnover differ: each variant beside the daily average, per roll-up and period.
{% set variants = {
    'two_point': 'average_inventory_value_two_point',
    'month_end_points': 'average_inventory_value_month_end_points',
    'ending': 'ending_inventory_value',
    'units': 'null',
} %}
with turnover as (
    select * from {{ ref('fct_turnover') }}
),

variants as (
    {% for variant, average in variants.items() -%}
        select
            company_code,
            scope,
            scope_value,
            currency_code,
            period_kind,
            period_start_date,
            '{{ variant }}' as variant,
            average_inventory_value,
            cast({{ average }} as decimal(24, 4)) as variant_average_value,
            inventory_turnover_annualised,
            inventory_turnover_annualised_{{ variant }} as variant_turnover_annualised
        from turnover
        {{ 'union all' if not loop.last }}
    {% endfor -%}
),

compared as (
    select
        *,
        {{ ratio('variant_turnover_annualised - inventory_turnover_annualised', 'inventory_turnover_annualised') }} as difference_rate
    from variants
),

final as (
    select
        company_code,
        scope,
        scope_value,
        currency_code,
        period_kind,
        period_start_date,
        variant,
        average_inventory_value,
        variant_average_value,
        {{ as_value('variant_average_value - average_inventory_value') }} as average_difference_value,
        inventory_turnover_annualised,
        variant_turnover_annualised,
        difference_rate,
        -- Within one percent the choice does not matter to anybody who reads a turnover with one decimal.
        case
            when difference_rate is null then 'not_available: one of the two is missing or zero'
            when abs(difference_rate) <= 0.01 then 'agrees'
            when variant = 'units' and difference_rate > 0 then 'cheap_stock_turns_faster'
            when variant = 'units' then 'dear_stock_turns_faster'
            when variant = 'ending' and difference_rate > 0 then 'ends_below_average'
            when variant = 'ending' then 'ends_above_average'
            when difference_rate > 0 then 'more_stock_between_the_points'
            else 'less_stock_between_the_points'
        end as difference_reason
    from compared
)

select * from final
