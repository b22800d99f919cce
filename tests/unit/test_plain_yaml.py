"""Files of the user's own in YAML are read or refused in one line, whatever they hide."""

import pytest

from timbang.errors import TimbangError
from timbang.evidence.claims import read_claim
from timbang.study.plain_yaml import MOST_BYTES, read_config
from timbang.study.published import read_published

ALIASES = "".join(f"a{place}: &a{place} [{f'*a{place - 1}, ' * 9}]\n" for place in range(1, 10))


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (f"a0: &a0 [x]\n{ALIASES}citation: *a9\ntitle: x\nresults: {{}}\n", "it has aliases"),
        ("# " + "x" * 10 * MOST_BYTES, "it has 10,000,002 bytes"),
        ("[" * 1_000_000, "nested deeper than 20 levels"),
        (b"\xff\xfe", "codec|special characters"),
        (None, "it is not a file"),
    ],
    ids=["aliases", "bytes", "depth", "no text", "device"],
)
@pytest.mark.parametrize(
    ("read", "key"),
    [(lambda path: read_published(str(path)), "report.published: "), (read_claim, "")],
    ids=["published", "claim"],
)
def test_a_file_that_hides_something_is_refused_in_one_line(tmp_path, read, key, content, problem):
    path = tmp_path / "file.yaml"
    if content is None:
        path.symlink_to("/dev/zero")
    else:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(TimbangError, match=problem) as caught:
        read(path)
    (line,) = str(caught.value).splitlines()
    assert line.startswith(f"{key}{path}")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("a: 1\nb: 2\na: 3\n", ", line 3: a stands in line 1 too; keep one"),
        ("b:\n  - {c: 1, c: 1}\n", ", line 2: c stands in line 2 too; keep one"),
        ("- a\n", ": is not a mapping (key: value)"),
    ],
)
def test_a_configuration_with_a_key_that_stands_twice_is_refused(tmp_path, content, said):
    path = tmp_path / "study.yaml"
    path.write_text(content)
    with pytest.raises(TimbangError) as caught:
        read_config(path)
    assert str(caught.value) == f"{path}{said}"


def test_a_configuration_may_say_a_thing_once_and_name_it_again(tmp_path):
    path = tmp_path / "study.yaml"
    path.write_text("a: &all {c: 1}\nb: *all\nd: {c: 2}\n")
    assert read_config(path) == {"a": {"c": 1}, "b": {"c": 1}, "d": {"c": 2}}
