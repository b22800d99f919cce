"""What a result was made with, kept beside it: results may be copied, and studies changed.

Snakemake remembers this too, but beside the workflow and not with the results. So each result that
takes long to make carries a record, a mapping that can be written as JSON, of all that its content
follows from. Where the record is not what the study says now, the result is another study's.
"""

import hashlib
import json
import shutil
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from timbang.errors import TimbangError
from timbang.records.writing import write_json, write_text

Record = Mapping[str, Any]


def hash_record(record: Record) -> str:
    """Return what identifies a record: ``sha256:`` and 16 hexadecimal digits.

    Mappings count as equal in any order of their keys, tuples and lists as the same.
    """
    text = json.dumps(record, sort_keys=True)
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()[:16]}"


def make_record(made_with: Record, inputs: Mapping[str, Path]) -> dict[str, Any]:
    """Return a record as it stands beside a result, alone or among other things.

    Args:
        made_with: what the result follows from.
        inputs: the files that it was made from, by what they are.

    Returns:
        ``made_with``, and ``inputs``, the SHA-256 of each.
    """
    hashes = {}
    for name, path in inputs.items():
        with path.open("rb") as file:
            hashes[name] = hashlib.file_digest(file, "sha256").hexdigest()
    return {"made_with": made_with, "inputs": hashes}


def check_inputs(record: Record, inputs: Mapping[str, Path], of: Path) -> None:
    """Check that a result was made from the files that are there.

    Args:
        record: what ``make_record`` returned, alone or among other things.
        inputs: the files, by what they are.
        of: the result's file, for the message.

    Raises:
        TimbangError: a file is another one, or nothing says which it was.
    """
    now = make_record({}, inputs)["inputs"]
    for name, path in inputs.items():
        if record.get("inputs", {}).get(name) != now[name]:
            raise TimbangError(f"{of}: was made from another {name} than {path}; delete {of}")


def check_runs(runs: Sequence[Record], paths: Sequence[str], wanted: Sequence[str]) -> None:
    """Check that scored runs are those of the study.

    Args:
        runs: the content of each ``metrics.json``.
        paths: their files.
        wanted: the hash of what each run of the study is made with.

    Raises:
        TimbangError: a run is another study's.
    """
    for run, path, own in zip(runs, paths, wanted, strict=True):
        if run.get("made_with") != own:
            raise TimbangError(f"{path}: is of another study's run; delete it")


def check_made_with(
    runs: Sequence[Mapping[str, Any]], paths: Sequence[str], wanted: Sequence[str]
) -> None:
    """Check that runs which are not scored yet are those of the study.

    Args:
        runs: the content of each ``training.json``.
        paths: their files.
        wanted: the hash of what each run of the study is made with.

    Raises:
        TimbangError: a run is another study's.
    """
    hashed = [{"made_with": hash_record(run["made_with"])} for run in runs]
    check_runs(hashed, paths, wanted)


def write_record(path: Path, record: Record) -> None:
    """Write a record to a file of its own."""
    write_json(path, record, sort_keys=True)


def read_json(path: Path) -> Record:
    """Return a mapping from a file of JSON; an empty one where there is none that can be read."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, Mapping) else {}


def copy_equal(
    products: Sequence[Path], record: Path, made_with: Record, inputs: Mapping[str, Path]
) -> bool:
    """Copy products from another study whose own were made with the same.

    Args:
        products: the files that are to be made.
        record: their record; each other study has a file of this name in a folder of this name.
        made_with: what the products follow from.
        inputs: the files that they would be made from, by what they are.

    Returns:
        Whether there were such products, none younger than its record, as an edited one is; then
        they are copied, and their record is written.
    """
    wanted = make_record(made_with, inputs)
    for other in sorted(record.parents[2].glob(f"*/{record.parent.name}/{record.name}")):
        if hash_record(read_json(other)) != hash_record(wanted):
            continue
        files = [other.with_name(product.name) for product in products]
        # The other study may be deleted or made anew at the same time.
        with suppress(FileNotFoundError):
            made = other.stat().st_mtime_ns
            if all(file.stat().st_mtime_ns <= made for file in files):
                for file, product in zip(files, products, strict=True):
                    part = shutil.copyfile(file, product.with_name(f".{product.name}.part"))
                    part.replace(product)
                write_record(record, wanted)
                return True
    return False


def describe_difference(found: Record, wanted: Record) -> str:
    """Say in a few words in what a record differs from another one.

    >>> describe_difference({"size": 32, "recipe": {"epochs": 2}}, {"size": 32, "recipe": {}})
    'recipe.epochs 2, now None'
    """
    differences = list(_list_differences(_plain(found), _plain(wanted)))
    more = f" and {len(differences) - 3} more" if len(differences) > 3 else ""
    return "; ".join(differences[:3]) + more


def _list_differences(found: Any, wanted: Any, place: str = "") -> Iterator[str]:
    if isinstance(found, Mapping) and isinstance(wanted, Mapping):
        for key in sorted({*found, *wanted}):
            below = f"{place}.{key}" if place else key
            yield from _list_differences(found.get(key), wanted.get(key), below)
    elif found != wanted:
        is_hash = any(isinstance(value, str) and len(value) > 20 for value in (found, wanted))
        yield f"another {place}" if is_hash else f"{place} {found}, now {wanted}"


def _plain(record: Record) -> Any:
    return json.loads(json.dumps(record))


def describe_remade(reasons: Mapping[str, str]) -> list[str]:
    """Return a line for each reason why results are made again, with the first of them.

    Args:
        reasons: by product, as ``Reminder`` has them.
    """
    products: dict[str, list[str]] = {}
    for product, reason in reasons.items():
        products.setdefault(reason, []).append(product)
    return [
        f"made again: {own[0]}{f' and {len(own) - 1} more' if len(own) > 1 else ''} ({reason})"
        for reason, own in products.items()
    ]


class Reminder:
    """A file that is new for the results that must be made again, and for no others.

    Snakemake makes a result again where an input is newer and has another content. For the other
    results the file is an input whose age does not count.

    Args:
        path: the file, made where it is missing.
        home: the file that names the folder that the workflow works in, made where it is missing.
        arrival: the file beside a study's results that says where they are at home, and since when.
        is_active: whether results are looked at; otherwise none is ever made again.

    Raises:
        TimbangError: a file cannot be written.
    """

    def __init__(self, path: Path, home: Path, arrival: Path, is_active: bool) -> None:
        self.path = path
        self.arrival = arrival
        self.is_active = is_active
        self.reasons: dict[str, str] = {}
        if not is_active:
            return
        for file in (path, home):
            if not file.is_file():
                _write_new_name(file)
        self.home = home.read_text(encoding="utf-8").strip()
        known = read_json(arrival)
        is_at_home = known.get("home") == self.home
        self.since = float(known["since"]) if is_at_home else time.time()

    def is_of_another_study(
        self, product: Path, record: Path, wanted: Record, inputs: Mapping[str, str]
    ) -> bool:
        """Return whether a product is there that was made with something else than is wanted.

        Args:
            product: the product.
            record: the file of JSON with its record.
            wanted: what it would be made with now.
            inputs: the SHA-256 of each file that it would be made from, of those that are there.
        """
        if not self.is_active or not product.is_file():
            return False
        found = read_json(record)
        made_with, of_inputs = found.get("made_with"), found.get("inputs")
        if not (isinstance(made_with, Mapping) and isinstance(of_inputs, Mapping)):
            self._remember(product, "nothing says how it was made")
        elif hash_record(made_with) != hash_record(wanted):
            self._remember(product, describe_difference(made_with, wanted))
        elif others := [name for name, sha in inputs.items() if of_inputs.get(name) != sha]:
            self._remember(product, f"another {others[0]}")
        else:
            return False
        return True

    def is_from_elsewhere(self, product: Path) -> bool:
        """Return whether a product is older than the results' arrival in this folder."""
        if not self.is_active or not product.is_file() or product.stat().st_mtime >= self.since:
            return False
        self._remember(product, "made elsewhere")
        return True

    def settle(self) -> None:
        """Write down that the results, where there are any, are at home here, and since when."""
        if self.arrival.parent.is_dir() and read_json(self.arrival).get("home") != self.home:
            write_record(self.arrival, {"home": self.home, "since": self.since})

    def _remember(self, product: Path, reason: str) -> None:
        """Note why a product is made again; the first one in a call renews the file."""
        if not self.reasons:
            _write_new_name(self.path)
        self.reasons[str(product)] = reason


def _write_new_name(file: Path) -> None:
    """Write a file whose content no other has.

    Raises:
        TimbangError: it cannot be written.
    """
    try:
        write_text(file, f"{uuid.uuid4()}\n")
    except OSError as error:
        raise TimbangError(
            f"{file}: cannot be written ({error.strerror}); work in a folder of your own"
        ) from None
