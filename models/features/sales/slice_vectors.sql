with

shapes as (

    select * from {{ ref('slice_shapes') }}

),

averaged as (

    select
        *,
        greatest({{ list_total('units') }}, 0) as units_total,
        {{ list_total('baseline') }} as baseline_total,
        {% for point in range(1, 13) %}
        {{ list_part_mean('deviations', 'n_ticks', point, 12) }} as point_{{ '%02d' % point }},
        {% endfor %}
        2 * pi() * extract(hour from tick_locals[1]) / 24 as start_angle
    from shapes

),

moments as (

    select
        *,
        {% for power in [2, 3, 4] %}
        {{ list_total(list_map('steps', 'power(x - mean_step, ' ~ power ~ ')')) }} / n_ticks
            as moment_{{ power }},
        {% endfor %}
        greatest(
            {%- for point in range(1, 13) %}
            abs(point_{{ '%02d' % point }}){{ ',' if not loop.last }}
            {%- endfor %}
        ) as largest_point
    from averaged

),

described as (

    select
        report_id,
        version,
        exemplar_id,
        draw,
        prefix,
        n_ticks,
        {% for point in range(1, 13) %}
        coalesce(point_{{ '%02d' % point }} / nullif(largest_point, 0), 0)
            as profile_{{ '%02d' % point }},
        {% endfor %}
        ln((units_total + 1) / (baseline_total + 1)) as log_uplift,
        sign(units_total - baseline_total) as sign,
        {{ list_total('shape[1:' ~ var('close_ticks') ~ ']') }}
        / least(n_ticks, {{ var('close_ticks') }}) - shape_before as slope,
        coalesce(
            sqrt(
                {{ list_total(list_map('steps[2:n_ticks]', 'x * x')) }}
                / nullif(n_ticks - 1, 0)
            ),
            0
        ) as volatility,
        coalesce(
            (array_position(magnitudes, largest) - 1e0) / nullif(n_ticks - 1, 0), 0.5e0
        ) as peak_position,
        case when moment_2 > 1e-6 then moment_4 / (moment_2 * moment_2) - 3 else 0 end as kurtosis,
        case when moment_2 > 1e-6 then moment_3 / power(moment_2, 1.5) else 0 end as skewness,
        coalesce(ln(largest / nullif(mean_magnitude, 0)), 0) as peak_to_mean,
        {{ list_total(list_map('deviations', 'case when x <= -0.9e0 then 1e0 else 0e0 end')) }}
        / n_ticks as near_zero_share,
        ln(n_ticks) as log_duration,
        ln(1 + largest) as amplitude,
        sin(start_angle) as hour_sin,
        cos(start_angle) as hour_cos,
        {{ list_weekend_share('tick_locals') }} as weekend_share
    from moments

),

final as (

    select
        report_id,
        version,
        exemplar_id,
        draw,
        prefix,
        n_ticks,
        {% for name in anomaly_feature_names() %}
        round({{ name }}, 9) + 0 as {{ name }},
        {% endfor %}
        cast([
            {%- for name in anomaly_feature_names() %}
            round({{ name }}, 9) + 0{{ ',' if not loop.last }}
            {%- endfor %}
        ] as double[26]) as feature_vector
    from described

)

select * from final
