"""Which tables and figures a study's report has, decided here for all that makes or reads them."""

from timbang.networks.relations import find_plain
from timbang.study.published import Published
from timbang.study.words import Study


def list_tables(study: Study, has_claims: bool, published: Published | None) -> list[str]:
    """Return the names of the report's tables, in the order of the report.

    Args:
        study: the study.
        has_claims: whether it tests any claim.
        published: the published numbers that stand beside its own, if any.
    """
    plain = find_plain(study.contenders, study.reference)
    is_due = {
        "settings": True,
        "networks": True,
        "contenders": True,
        "classes": True,
        "stage_one": plain is not None,
        "stage_two": plain not in (None, study.reference),
        "test": True,
        "leaks": True,
        "late": True,
        "claims": has_claims,
        "replication": published is not None
        and any(own.name in published.results for own in study.contenders),
        "twin": study.report.compare_with is not None,
    }
    return [name for name, due in is_due.items() if due]


def list_figures(study: Study) -> list[str]:
    """Return the names of the report's figures."""
    is_due = {
        "curves": True,
        "accuracies": True,
        "confusion": True,
        "classes": True,
        "samples": True,
        "duplicates": True,
        "leaks": True,
        "probes": bool(study.probes),
        "twin": study.report.compare_with is not None,
    }
    return [name for name, due in is_due.items() if due]
