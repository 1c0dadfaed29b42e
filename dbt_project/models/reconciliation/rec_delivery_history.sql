-- Every file beside the files of its own dataset before it: how many rows it usually has, on which weekdays it usually comes. What is
-- usual is learned from the source; only the shape of the comparison is here.
with batches as (
    select * from {{ source('quality', 'landing_batches') }}
),

run_parameters as (
    select * from {{ source('control', 'run_parameters') }}
),

-- One delivery a day: a resend counts with the file that it repeats.
deliveries as (
    select
        batches.source_instance,
        -- A batch of a source without datasets is known by its contract.
        coalesce(batches.dataset, batches.contract) as dataset,
        min(batches.contract) as contract,
        batches.extract_date,
        sum(batches.rows_in) as rows_in,
        max_by(batches.source_file, batches.batch_sequence) as source_file,
        max_by(batches.batch_id, batches.batch_sequence) as batch_id,
        -- A day on which the organisation rests delivers little: it is compared with its like.
        case when {{ iso_weekday('batches.extract_date') }} >= 6 then 1 else 0 end as is_weekend
    from batches
    cross join run_parameters
    where batches.status = 'loaded' and batches.extract_date <= run_parameters.as_of_date
    group by batches.source_instance, coalesce(batches.dataset, batches.contract), batches.extract_date
),

-- A file of a month and a file of a day are not compared: the days since the delivery before tell them apart.
paced as (
    select
        *,
        lag(extract_date) over series as previous_extract_date,
        lag(source_file) over series as previous_source_file,
        lag(rows_in) over series as previous_rows
    from deliveries
    window series as (partition by source_instance, dataset order by extract_date)
),

daily as (
    select
        *,
        {{ days_between('previous_extract_date', 'extract_date') }} as gap_days
    from paced
),

-- Snapshots list what is there and change slowly; of documents, how many there are varies with the trade.
usual as (
    select
        daily.source_instance,
        daily.dataset,
        daily.extract_date,
        count(*) as usual_deliveries,
        median(others.rows_in) as usual_rows,
        min(others.rows_in) as least_rows
    from daily
    inner join daily as others
        on
            daily.source_instance = others.source_instance
            and daily.dataset = others.dataset
            and daily.is_weekend = others.is_weekend
            and daily.extract_date <> others.extract_date
            and others.gap_days = 1
            and abs({{ days_between('daily.extract_date', 'others.extract_date') }}) <= 28
    where daily.gap_days = 1
    group by daily.source_instance, daily.dataset, daily.extract_date
),

final as (
    select
        daily.source_instance,
        daily.dataset,
        daily.contract,
        daily.extract_date,
        daily.batch_id,
        daily.source_file,
        daily.rows_in,
        daily.previous_extract_date,
        cast(daily.gap_days as bigint) as gap_days,
        cast(usual.usual_deliveries as bigint) as usual_deliveries,
        cast(usual.usual_rows as double) as usual_rows,
        cast(usual.least_rows as bigint) as least_rows
    from daily
    left join usual
        on
            daily.source_instance = usual.source_instance
            and daily.dataset = usual.dataset
            and daily.extract_date = usual.extract_date
)

select * from final
