-- The vector that models read and the columns that people read are the same thirty numbers in the
-- same order.
select
    session_id,
    checkpoint_pct
from {{ ref('session_fingerprints') }}
where feature_vector != cast([{{ session_feature_names() | join(', ') }}] as double[30])
