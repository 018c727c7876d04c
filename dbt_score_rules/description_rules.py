"""What the descriptions of models, seeds, sources and macros say."""

import re

from dbt_score import Macro, Model, RuleViolation, Seed, Source, rule

SIGNATURE = re.compile(r"{%-?\s*(?:macro|test)\s+\w+\s*\(([^%]*)\)\s*-?%}")
DEFAULT = re.compile(r"=\s*(?:\[[^\]]*\]|{[^}]*}|[^,]*)")


def _grain_violation(description: str) -> RuleViolation | None:
    """Judge the first words of a description."""
    if description.startswith("One row "):
        return None
    return RuleViolation("The description does not begin with the grain, as in 'One row per ...'.")


def _column_violation(item: Model | Seed | Source) -> RuleViolation | None:
    """Judge the columns that an item lists."""
    if not item.columns:
        return RuleViolation("No column is described.")
    poor = [c.name for c in item.columns if not c.description or not c.data_type]
    return RuleViolation(f"No type or description: {', '.join(poor)}.") if poor else None


@rule
def model_description_begins_with_grain(model: Model) -> RuleViolation | None:
    """Begin the description of a model with its grain."""
    return _grain_violation(model.description)


@rule
def seed_description_begins_with_grain(seed: Seed) -> RuleViolation | None:
    """Begin the description of a seed with its grain."""
    return _grain_violation(seed.description)


@rule
def source_description_begins_with_grain(source: Source) -> RuleViolation | None:
    """Begin the description of a source table with its grain."""
    return _grain_violation(source.description)


@rule
def model_columns_have_type_and_description(model: Model) -> RuleViolation | None:
    """List the columns of a model, each with its type and a description."""
    return _column_violation(model)


@rule
def seed_columns_have_type_and_description(seed: Seed) -> RuleViolation | None:
    """List the columns of a seed, each with its type and a description."""
    return _column_violation(seed)


@rule
def source_columns_have_type_and_description(source: Source) -> RuleViolation | None:
    """List the columns of a source table, each with its type and a description."""
    return _column_violation(source)


@rule
def column_keeps_its_description(model: Model) -> RuleViolation | None:
    """Describe a column of another public table as that table does, or more closely."""
    if model.access != "public":
        return None
    told = {
        column.name: (column.data_type, column.description)
        for parent in model.parents
        if isinstance(parent, Model) and parent.access == "public"
        for column in parent.columns
    }
    differing = [
        column.name
        for column in model.columns
        if column.name in told
        and told[column.name][0] == column.data_type
        and not column.description.startswith(told[column.name][1].rstrip("."))
    ]
    if differing:
        return RuleViolation(f"Said another way than in the table before: {', '.join(differing)}.")
    return None


def _is_implementation(macro: Macro) -> bool:
    """Tell one engine's version of a macro, which lies and is documented with the macro itself."""
    return macro.name.startswith(("default__", "spark__"))


@rule
def macro_arguments_are_documented(macro: Macro) -> RuleViolation | None:
    """Document every argument of a macro, with its type and in the macro's own order."""
    if _is_implementation(macro):
        return None
    signature = SIGNATURE.search(macro.macro_sql)
    names = DEFAULT.sub("", signature.group(1)).split(",") if signature else []
    wanted = [name.strip() for name in names if name.strip()]
    found = [argument["name"] for argument in macro.arguments if argument.get("type")]
    if found != wanted:
        return RuleViolation(f"Documented: {', '.join(found)}; to document: {', '.join(wanted)}.")
    return None


@rule
def macro_is_named_as_its_file(macro: Macro) -> RuleViolation | None:
    """Give a macro a file of its own, named as the macro."""
    file_name = macro.original_file_path.rsplit("/", 1)[-1].removesuffix(".sql")
    if re.sub("^(test_|default__|spark__)", "", macro.name) != file_name:
        return RuleViolation(f"It lies in {file_name}.sql.")
    return None
