"""Who may read whom, and what a public table owes to its readers."""

from dbt_score import Model, RuleViolation, Source, rule

# A model reads its own layer and those before it; so ops reads everything, and only ops reads ops.
LAYERS = ("staging", "features", "library", "logs", "marts", "ops")
WINGS = {"sessions", "sales"}


def _layer(model: Model) -> int | None:
    """Give the place of a model's layer, or nothing where its tags name none or several."""
    found = [place for place, layer in enumerate(LAYERS) if layer in model.tags]
    return found[0] if len(found) == 1 else None


def _folders(item: Model | Source) -> list[str]:
    """Give the folders that an item lies in, outermost first."""
    return item.original_file_path.split("/")[:-1]


@rule
def tags_name_the_layer(model: Model) -> RuleViolation | None:
    """Tag a model with one layer, the one whose folder it lies in."""
    layer = _layer(model)
    if layer is None:
        return RuleViolation(f"Tags {model.tags} must hold one of {', '.join(LAYERS)}.")
    folder = next((name for name in _folders(model) if name in LAYERS), LAYERS[layer])
    if folder != LAYERS[layer]:
        return RuleViolation(f"Tagged {LAYERS[layer]}, but lies in {folder}.")
    return None


@rule
def reads_no_later_layer(model: Model) -> RuleViolation | None:
    """Read one's own layer or one before it; ops is the last."""
    layer = _layer(model)
    models = [parent for parent in model.parents if isinstance(parent, Model)]
    wrong = [p.name for p in models if layer is None or (_layer(p) or 0) > layer]
    return RuleViolation(f"Reads a later layer: {', '.join(wrong)}.") if wrong else None


@rule
def only_staging_reads_sources(model: Model) -> RuleViolation | None:
    """Let raw data enter through staging."""
    read = [parent.name for parent in model.parents if isinstance(parent, Source)]
    if read and "staging" not in model.tags:
        return RuleViolation(f"Reads raw data outside staging: {', '.join(read)}.")
    return None


@rule
def wings_do_not_read_each_other(model: Model) -> RuleViolation | None:
    """Read no model in the folder of another wing, except in ops."""
    own = WINGS.intersection(_folders(model))
    models = [parent for parent in model.parents if isinstance(parent, Model)]
    wrong = [p.name for p in models if own and WINGS.intersection(_folders(p)) - own]
    if wrong and "ops" not in model.tags:
        return RuleViolation(f"Reads another wing: {', '.join(wrong)}.")
    return None


@rule
def staging_model_is_named_stg(model: Model) -> RuleViolation | None:
    """Name the SQL models of staging `stg_<source>__<entity>`, and no others."""
    is_staging = "staging" in model.tags and model.language == "sql"
    is_named = model.name.startswith("stg_") and "__" in model.name
    if is_staging != is_named:
        return RuleViolation("Names beginning with stg_ are those of the SQL models in staging.")
    return None


@rule
def lasting_model_has_contract_and_key(model: Model) -> RuleViolation | None:
    """Give a public or incremental model an enforced contract and a primary key without nulls.

    A model whose `meta` says under `keyless` why it has no key needs none. An index of every series
    at every tick would outgrow memory: the test unique_among_new_ticks stands for it.
    """
    if model.access != "public" and model.config.get("materialized") != "incremental":
        return None
    if model.config.get("meta", {}).get("keyless"):
        return None
    keys = [c.columns or [] for c in model.constraints if c.type == "primary_key"]
    tests = [test for test in model.tests if test.type == "unique_among_new_ticks"]
    keys += [test.kwargs["columns"] for test in tests]
    if not model.config.get("contract", {}).get("enforced") or len(keys) != 1:
        return RuleViolation("It needs an enforced contract and one primary key for all its parts.")
    known = {c.name for c in model.columns if any(x.type == "not_null" for x in c.constraints)}
    if not known.issuperset(keys[0]):
        return RuleViolation("A column of the primary key lacks the constraint not_null.")
    return None


@rule
def public_model_is_tested_for_finite_numbers(model: Model) -> RuleViolation | None:
    """Test every public model that has doubles with `finite`."""
    has_doubles = any((c.data_type or "").startswith("double") for c in model.columns)
    if model.access == "public" and has_doubles and "finite" not in {t.type for t in model.tests}:
        return RuleViolation("The test finite is missing.")
    return None


@rule
def public_models_are_published(model: Model) -> RuleViolation | None:
    """Publish the public models, and no others."""
    published = model.name in {
        name
        for child in model.children
        if isinstance(child, Model) and child.name == "publish"
        for name in child.config.get("meta", {}).get("tables", [])
    }
    if (model.access == "public") != published:
        return RuleViolation("Public models, and no others, stand in publish.py and publish.yml.")
    return None
