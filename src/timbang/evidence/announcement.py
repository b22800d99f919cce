"""What is said of a study's replicates before anything is trained."""

from timbang.study.study import Study


def describe_start(study: Study) -> str:
    """Return in a line or two what the planned replicates can decide and what they cannot."""
    # scipy is imported only by the one process that says this.
    from timbang.evidence.contrasts import FEWEST_REPLICATES
    from timbang.evidence.design import Design
    from timbang.evidence.planner import plan

    split = study.split
    rest = 1 - split.validation - split.test
    # The shares of a split that is given are not known yet, and do not matter for one split.
    design = Design(study.tie, rest, split.validation)
    contrasts = len(study.contrasts)
    if not contrasts:
        return f"{study.name}: one contender, nothing to compare"
    number = len(study.replicates)
    planned = plan(number, contrasts, design)
    runs = f" of {study.seeds} runs" if study.seeds > 1 else ""
    what = f"{study.name}: {number} replicate{'s' * (number != 1)}{runs}, {contrasts} comparison"
    what += "s" * (contrasts != 1)
    if not planned.can_decide:
        return (
            f"{what}: whatever the runs show, no verdict can be reached; "
            f"replicates: {planned.needed} or more would do (fewer than {FEWEST_REPLICATES} have "
            "no interval)"
        )
    aside = (
        f"; {study.seeds} runs on each split tell the luck of the split from that of training, but "
        "as many runs decide more as replicates"
        if study.seeds > 1
        else ""
    )
    return (
        f"{what}: a true difference of {planned.detectable:.1f} standard deviations of the "
        f"differences is found with a probability of 80 %, smaller ones less often{aside}"
    )
