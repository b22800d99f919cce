"""The runs of a study beside its own: each a variant of how the contenders are trained.

A variant is named as the folder of its runs. ``runs`` are the study's own; ``trials/3`` those by
the fourth recipe of the tuning, ``tuned`` those by what each contender chose, ``varied/0`` those by
the first combination of ``vary``, ``shares/0.25`` those on a quarter of the training images.
"""

from typing import Any

from timbang.study.study import Study
from timbang.study.words import Recipe

OWN, TUNED = "runs", "tuned"
TRIALS, VARIED, SHARES = "trials", "varied", "shares"


def kind_of(variant: str) -> str:
    """Return what kind of variant it is.

    >>> kind_of("trials/3"), kind_of("tuned")
    ('trials', 'tuned')
    """
    return variant.partition("/")[0]


def list_trials(study: Study) -> list[str]:
    """Return the variants of a study's trials, in the order of their recipes."""
    return [f"{TRIALS}/{number}" for number in range(study.tuning.trials)] if study.tuning else []


def list_varied(study: Study) -> list[str]:
    """Return the variants of a study's further recipes."""
    return [f"{VARIED}/{number}" for number in range(len(study.varied))]


def list_shares(study: Study) -> list[str]:
    """Return the variants of a study's learning curve, from the fewest images on."""
    shares = study.learning_curve.shares if study.learning_curve else ()
    return [f"{SHARES}/{share:g}" for share in shares]


def has_drawn_recipe(variant: str) -> bool:
    """Return whether a variant's recipe is drawn or chosen, and so stands in a file alone."""
    return kind_of(variant) in (TRIALS, TUNED)


def list_changes(study: Study, variant: str, recipe: Recipe) -> dict[str, Any]:
    """Return what a variant changes of a recipe, as far as the study itself says it.

    With fewer images and ``by: steps`` all that is counted in epochs is stretched.

    Args:
        study: the study.
        variant: one of its variants.
        recipe: that of the contender.
    """
    kind, _, which = variant.partition("/")
    if kind == VARIED:
        return dict(study.varied[int(which)])
    if kind != SHARES or study.learning_curve is None or study.learning_curve.by == "epochs":
        return {}
    share = float(which)
    changes: dict[str, Any] = {
        "epochs": round(recipe.epochs / share),
        "warmup_epochs": recipe.warmup_epochs / share,
    }
    if recipe.step_epochs is not None:
        changes["step_epochs"] = round(recipe.step_epochs / share)
    return changes
