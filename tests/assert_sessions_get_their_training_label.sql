-- One code path: matching a vector that the model was fitted on gives back the label and the
-- distance that it had in the fit.
select
    labels.session_id,
    labels.model_version,
    labels.archetype_id as fitted_archetype,
    assignments.archetype_id as assigned_archetype
from {{ ref('session_training_labels') }} as labels
inner join {{ ref('session_assignments') }} as assignments
    on
        labels.session_id = assignments.session_id
        and labels.model_version = assignments.model_version
        -- A raw file may have changed between the fit and the match.
        and labels.vector_md5 = assignments.vector_md5
where labels.archetype_id != assignments.archetype_id or labels.distance != assignments.distance
