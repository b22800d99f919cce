"""Tables of results keep the names that a study gave."""

import pandas as pd
import pytest

from timbang.records.tables import read_rows
from timbang.records.writing import write_table


@pytest.mark.parametrize("name", ["nan", "null", "123", "0123", "1e5", "none", "na", "true"])
def test_a_contender_is_called_as_it_was_called(tmp_path, name):
    path = tmp_path / "runs.csv"
    rows = {"contender": [name, "b"], "first": [name, "b"], "accuracy": [0.5, None]}
    write_table(path, pd.DataFrame(rows))
    table = read_rows(path)
    assert table["contender"].tolist() == table["first"].tolist() == [name, "b"]
    assert table["accuracy"].isna().tolist() == [False, True]
