"""All facts of a study in one place."""

from timbang.evidence.design import Design, Splits
from timbang.facts.evidence import (
    add_claims,
    add_constants,
    add_contrasts,
    add_looks,
    add_published,
    add_twin,
    add_without_suspects,
)
from timbang.facts.fact import Facts
from timbang.facts.fairness import add_fairness
from timbang.facts.images import add_images, add_splits
from timbang.facts.ledger import add_ledger
from timbang.facts.results import Results
from timbang.facts.runs import (
    add_classes,
    add_environment,
    add_histories,
    add_settings,
    add_summary,
)
from timbang.facts.seeds import add_variation
from timbang.study.study import LearningCurve, Tuning


def collect_facts(
    results: Results,
    reference: str,
    margin: float,
    splits: Splits,
    twin: str | None,
    tuning: Tuning | None = None,
    learning_curve: LearningCurve | None = None,
) -> Facts:
    """Return all numbers that the report of a study may state.

    Args:
        results: what the study's files hold.
        reference: the contender that the others are compared with.
        margin: below which a difference of accuracies is of no account, a fraction.
        splits: how the splits of the replicates hang together, as ``Design`` has it.
        twin: the name of the study that this one is compared with, if any.
        tuning: how recipes were chosen, if they were.
        learning_curve: on which shares of the images contenders were trained, if they were.
    """
    facts = Facts()
    summary = results.summary
    first = {name: next(iter(runs.values())) for name, runs in results.training.items()}
    contenders = {name: run["made_with"]["contender"] for name, run in first.items()}
    add_images(facts, results.audit)
    add_splits(facts, results.splits, results.manifest, results.split_settings["folds"])
    add_summary(facts, summary, reference)
    add_classes(facts, results.classes)
    add_ledger(facts, results.images, results.confusions)
    add_histories(facts, results.histories)
    add_settings(facts, contenders, reference, results.image_size, margin)
    add_environment(facts, [run for runs in results.training.values() for run in runs.values()])
    add_constants(facts, {name: own["network"] for name, own in contenders.items()})
    design = Design(splits, facts.value("split.train"), facts.value("split.validation"))
    add_contrasts(facts, results.contrasts, int(summary[0]["replicates"]), design)
    add_variation(facts, results.runs, results.contrasts)
    if results.without_suspects is not None:
        add_without_suspects(facts, results.without_suspects, results.images)
    add_claims(facts, results.verdicts)
    add_looks(facts, results.looks)
    add_published(facts, results.published, list(contenders), reference)
    add_twin(facts, results.twin, summary, twin)
    if results.fairness is not None:
        add_fairness(facts, results.fairness, tuning, learning_curve)
    return facts
