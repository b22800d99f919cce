"""A report has the tables and figures that its study has results for."""

import pytest

from timbang.networks.catalogue import find_fault
from timbang.report.contents import list_figures, list_tables
from timbang.sources.choice import find_source
from timbang.study.published import Published, PublishedResult
from timbang.study.reading import read_study
from timbang.study.schema import read_schema

PUBLISHED = Published("x", "y", {"plain34": PublishedResult(0.5)})


def read(**own):
    config = {"study": "s", "data": {"source": "digits"}} | own
    return read_study(config, read_schema(), find_source, find_fault)


@pytest.mark.parametrize(
    ("own", "has_claims", "published", "tables"),
    [
        ({}, True, PUBLISHED, {"stage_one", "stage_two", "claims", "replication"}),
        ({}, False, None, {"stage_one", "stage_two"}),
        ({"contenders": ["resnet34", "preact34"]}, False, PUBLISHED, set()),
        ({"contenders": ["plain34"], "reference": "plain34"}, False, None, {"stage_one"}),
        ({"report": {"compare_with": "t"}}, False, None, {"stage_one", "stage_two", "twin"}),
    ],
)
def test_tables_are_those_that_the_study_has_numbers_for(own, has_claims, published, tables):
    always = {"settings", "networks", "contenders", "classes", "test", "leaks", "late"}
    assert set(list_tables(read(**own), has_claims, published)) == always | tables


def test_figures_of_probes_and_of_another_study_are_there_where_those_are():
    plain = set(list_figures(read()))
    more = read(probes=["scales"], report={"compare_with": "t"})
    assert set(list_figures(more)) - plain == {"probes", "twin"}
