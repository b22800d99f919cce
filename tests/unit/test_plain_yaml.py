"""Files of the user's own in YAML are read or refused in one line, whatever they hide."""

import pytest

from timbang.errors import TimbangError
from timbang.evidence.claims import read_claim
from timbang.study.plain_yaml import MOST_BYTES
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
