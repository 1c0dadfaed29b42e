-- The calendar of each company without a gap or an overlap: the accounting periods that its source states, calendar months elsewhere.
-- A rest of a month shorter than 15 days between the two belongs to the month beside it.
with source_periods as (
    select * from {{ ref('stg_fiscal_periods') }}
),

companies as (
    select company_code from {{ source('control', 'companies') }}
    union distinct
    select company_code from {{ ref('int_company_feeds') }}
),

run_parameters as (
    select * from {{ source('control', 'run_parameters') }}
),

bounds as (
    select
        companies.company_code,
        make_date(cast(year(run_parameters.as_of_date) - 20 as integer), 1, 1) as from_date,
        make_date(cast(year(run_parameters.as_of_date) + 1 as integer), 12, 31) as to_date
    from companies
    cross join run_parameters
),

-- Several sets of books close periods: those of the stock come first. Of two rows with one first day the one extracted last counts.
ranked as (
    select
        *,
        case module when 'stock' then 1 when 'cost' then 2 when 'ledger' then 3 when 'payable' then 4 else 5 end as module_rank
    from source_periods
    where end_date >= start_date
),

of_one_module as (
    select
        *,
        min(module_rank) over (partition by company_code) as least_module_rank
    from ranked
),

numbered_rows as (
    select
        *,
        row_number() over (
            partition by company_code, start_date
            order by extract_date desc, source_instance asc, period asc
        ) as place
    from of_one_module
    where module_rank = least_module_rank
),

stated as (
    select
        company_code,
        period,
        start_date,
        end_date,
        source_file,
        source_row,
        lead(start_date) over (partition by company_code order by start_date) as next_start_date
    from numbered_rows
    where place = 1
),

-- Stretches of days that no stated period holds.
gaps as (
    select
        bounds.company_code,
        {{ add_days('stated.end_date', 1) }} as gap_start_date,
        coalesce({{ add_days('stated.next_start_date', -1) }}, bounds.to_date) as gap_end_date
    from stated
    inner join bounds on stated.company_code = bounds.company_code
    union all
    select
        bounds.company_code,
        bounds.from_date as gap_start_date,
        coalesce({{ add_days('min(stated.start_date)', -1) }}, bounds.to_date) as gap_end_date
    from bounds
    left join stated on bounds.company_code = stated.company_code
    group by bounds.company_code, bounds.from_date, bounds.to_date
),

gap_months as (
    select
        company_code,
        gap_start_date,
        gap_end_date,
        cast({{ unnest_months('gap_start_date', 'gap_end_date') }} as date) as month_start_date
    from gaps
    where gap_start_date <= gap_end_date
),

starts as (
    select
        company_code,
        start_date as period_start_date,
        period,
        source_file,
        source_row
    from stated
    union all
    select distinct
        company_code,
        case
            when
                month_start_date > {{ add_days('gap_start_date', 14) }}
                and month_start_date <= {{ add_days('gap_end_date', -14) }}
                then month_start_date
            else gap_start_date
        end as period_start_date,
        cast(null as varchar) as period,
        cast(null as varchar) as source_file,
        cast(null as bigint) as source_row
    from gap_months
),

-- A stated period has the year and number of its name (yyyymm); the others count on from the nearest stated one.
counted as (
    select
        starts.*,
        bounds.to_date,
        row_number() over (partition by starts.company_code order by starts.period_start_date) as place,
        lead(starts.period_start_date) over (partition by starts.company_code order by starts.period_start_date) as next_start_date,
        cast(case when regexp_matches(starts.period, '^[0-9]{6,7}$') then left(starts.period, 4) end as bigint) as stated_year,
        cast(case when regexp_matches(starts.period, '^[0-9]{6,7}$') then substr(starts.period, 5) end as bigint) as stated_number
    from starts
    inner join bounds on starts.company_code = bounds.company_code
),

nearest as (
    select
        *,
        coalesce(
            max(case when stated_year is not null then place end) over (
                partition by company_code order by place rows between unbounded preceding and current row
            ),
            min(case when stated_year is not null then place end) over (
                partition by company_code order by place rows between current row and unbounded following
            )
        ) as anchor_place
    from counted
),

indexed as (
    select
        nearest.*,
        coalesce(
            anchors.stated_year * 12 + anchors.stated_number - 1 + nearest.place - anchors.place,
            year(nearest.period_start_date) * 12 + month(nearest.period_start_date) - 1
        ) as period_index
    from nearest
    left join counted as anchors on nearest.company_code = anchors.company_code and nearest.anchor_place = anchors.place
),

named as (
    select
        *,
        coalesce(stated_year, cast(floor(period_index / 12) as bigint)) as fiscal_year,
        coalesce(stated_number, cast(period_index % 12 + 1 as bigint)) as period_number
    from indexed
),

quartered as (
    select
        *,
        -- The thirteenth period of a year is part of its last quarter.
        cast(least(ceil(period_number / 3), 4) as bigint) as fiscal_quarter
    from named
),

final as (
    select
        company_code,
        period_start_date,
        coalesce({{ add_days('next_start_date', -1) }}, greatest(to_date, period_start_date)) as period_end_date,
        cast(fiscal_year as varchar) || '-' || lpad(cast(period_number as varchar), 2, '0') as period_name,
        fiscal_year,
        fiscal_quarter,
        period_number,
        min(period_start_date) over (partition by company_code, fiscal_year, fiscal_quarter) as quarter_start_date,
        min(period_start_date) over (partition by company_code, fiscal_year) as year_start_date,
        case when period is null then 'calendar' else 'source' end as period_basis,
        source_file,
        source_row
    from quartered
)

select * from final
