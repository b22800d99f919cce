import base64
import hashlib
import io
import json
import re
import zipfile
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from explored import CLASSES, HOSTILE_LABEL, HOSTILE_NAME, explore
from PIL import Image

from timbang.explorer import page as page_module
from timbang.explorer.counting import count_confusions
from timbang.explorer.curves import HEIGHT, WIDTH, choose_looks, draw_panels
from timbang.explorer.material import Series
from timbang.explorer.page import hash_content, read_article, write_data, write_page
from timbang.explorer.pictures import draw_sheets
from timbang.explorer.voice import Voice
from timbang.explorer.writing import write_explorer
from timbang.facts.fact import Facts, Unit
from timbang.languages.catalogue import read_language

ROOT = Path(__file__).resolve().parents[2]


class Elements(HTMLParser):
    """All elements of a page with their attributes, and the text in each script and style."""

    def __init__(self, text):
        super().__init__()
        self.found, self.texts, self.inside = [], [], None
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))
        self.inside = (tag, dict(attrs))

    def handle_data(self, data):
        if self.inside and self.inside[0] in ("script", "style"):
            self.texts.append((*self.inside, data))
            self.inside = None

    def texts_of(self, tag, kind=None):
        return [text for own, attrs, text in self.texts if own == tag and attrs.get("type") == kind]


@pytest.fixture(scope="module")
def explored(tmp_path_factory):
    return explore(tmp_path_factory.mktemp("explored"))


@pytest.fixture(scope="module")
def sheets(explored):
    return draw_sheets(explored.pixels, explored.page.places, 10**6)


@pytest.fixture(scope="module")
def page(explored, sheets):
    return write_page(explored.page, sheets)


@pytest.fixture(scope="module")
def data(page):
    (text,) = Elements(page).texts_of("script", "application/json")
    return json.loads(text)


def count_by_hand(explored, contender):
    """Count pairs of label and prediction in the tables of the validation images."""
    counts = Counter()
    for (name, _), table in explored.predictions.items():
        if name == contender:
            own = table[table.part == "validation"]
            counts.update(zip(own.label, own.predicted, strict=True))
    return counts


@pytest.mark.parametrize(("series", "contender"), [(0, "a"), (1, "b")])
def test_every_cell_is_the_count_of_its_predictions(explored, series, contender):
    counts = count_confusions(explored.page.material, series)
    by_hand = count_by_hand(explored, contender)
    assert {
        (CLASSES[row], CLASSES[column]): counts[row, column]
        for row, column in np.argwhere(counts).tolist()
    } == dict(by_hand)


def test_the_printed_matrices_are_the_counts(explored, page):
    cells = [int(own["data-count"]) for tag, own in Elements(page).found if "data-count" in own]
    counts = [count_confusions(explored.page.material, series) for series in (0, 1)]
    assert cells == np.concatenate([own.ravel() for own in counts]).tolist()


def test_the_script_finds_what_each_run_predicted(explored, data):
    for run in data["runs"]:
        contender = "ab"[run["series"]]
        table = explored.predictions[contender, run["replicate"]]
        assert [data["names"][image] for image in run["images"]] == list(table.filename)
        assert [data["classes"][own] for own in run["predicted"]] == list(table.predicted)
        assert run["validated"] == (table.part == "validation").sum()
        best = table[[name for name in table if name.startswith("probability:")]].max(axis=1)
        assert np.allclose(np.array(run["surest"]) / 1000, best, atol=0.0006)


def test_the_script_finds_part_and_leak_of_each_image(explored, data):
    for replicate, parts in data["parts"].items():
        validated = explored.predictions["a", int(replicate)].query("part == 'validation'")
        names = {data["names"][at] for at, letter in enumerate(parts) if letter in "vV"}
        assert names == set(validated.filename)
        leaked = [data["names"][at] for at, letter in enumerate(parts) if letter.isupper()]
        assert leaked == [HOSTILE_NAME]


def test_no_text_of_a_user_becomes_an_element_or_ends_one(page):
    elements = Elements(page)
    tags = Counter(tag for tag, _ in elements.found)
    assert tags["script"] == 2 and tags["style"] == 1 and tags["img"] == 0
    assert not [own for _, attrs in elements.found for own in attrs if own.startswith("on")]
    assert not [attrs for _, attrs in elements.found if "style" in attrs]
    assert HOSTILE_LABEL not in page and "<b onmouseover" not in page


def test_names_come_through_as_they_are(data):
    assert HOSTILE_NAME in data["names"]
    assert data["classes"] == CLASSES


def test_json_ends_no_script():
    nasty = {"</script>": ["<!--", "]]>", "&lt;", "\u2028"]}
    text = write_data(nasty)
    assert not set("<>&") & set(text)
    assert json.loads(text) == nasty


def test_the_policy_lets_nothing_in_but_what_the_page_holds(page):
    elements = Elements(page)
    policy = next(
        own["content"]
        for _, own in elements.found
        if own.get("http-equiv") == "Content-Security-Policy"
    )
    assert policy.startswith("default-src 'none'; ") and "unsafe" not in policy
    for tag in ("script", "style"):
        (text,) = elements.texts_of(tag)
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert hash_content(text) == f"'sha256-{digest}'"
        assert f"{tag}-src 'sha256-{digest}'" in policy


def test_the_page_names_no_address_of_the_network(page):
    elements = Elements(page)
    addresses = [own[key] for _, own in elements.found for key in ("src", "href") if key in own]
    assert all(re.match(r"#|report-(id|en)\.(pdf|html)$", own) for own in addresses)
    (style,) = elements.texts_of("style")
    assert all(own.startswith("data:image/") for own in re.findall(r'url\("?([^")]*)', style))
    assert "@import" not in style


def test_every_place_that_a_link_leads_to_is_on_the_page_once(page):
    found = Elements(page).found
    ids = Counter(own["id"] for _, own in found if "id" in own)
    assert set(ids.values()) == {1}
    links = {own["href"][1:] for _, own in found if own.get("href", "").startswith("#")}
    assert links <= set(ids)


def test_places_of_an_article_are_renamed_in_tags_alone():
    article = read_article("id", '<main><h1 id="a">x id="b" href="#c</h1><a href="#a">y</a></main>')
    assert article.body == '<h2 id="id-a">x id="b" href="#c</h2><a href="#id-a">y</a>'


def test_numbers_that_are_printed_have_their_source(data):
    file, at, values, rules = data["sources"]["accuracy.mean/b"]
    assert (file, at, values) == ("runs.csv", "b, <i>", ["0,6", "0.6"])
    assert rules == ["apa adanya", "as it is"]


def test_both_languages_say_everything(explored, page, data):
    for code in ("id", "en"):
        assert all(data["words"][code].values())
    indonesian, english = data["words"]["id"], data["words"]["en"]
    alike = {name for name, text in english.items() if indonesian[name] == text}
    assert alike == {"label"}


def test_pictures_are_the_pixels_of_the_image_named(explored, sheets):
    places, images = explored.page.places, explored.page.material.images
    for image, (label, at) in enumerate(zip(images.labels, places.of, strict=True)):
        content = base64.b64decode(sheets.addresses[label].partition(",")[2])
        sheet = np.asarray(Image.open(io.BytesIO(content)).convert("RGB"))
        top, left = (sheets.side * own for own in divmod(int(at), sheets.columns))
        shown = sheet[top : top + sheets.side, left : left + sheets.side]
        assert (shown == explored.pixels[image]).all()


def test_equal_images_of_a_class_are_kept_once(explored):
    places = explored.page.places
    assert places.of[-1] == places.of[-2]
    assert sum(map(len, places.shown)) == len(places.of) - 1


def test_too_many_images_stand_in_pages_of_their_own(explored, tmp_path, monkeypatch):
    monkeypatch.setattr(page_module, "LARGEST_PAGE", 1000)
    path = tmp_path / "explorer.html"
    write_explorer(explored.page, explored.pixels, path)
    text = path.read_text(encoding="utf-8")
    assert "explorer-images" in text and "data:image" not in text
    pages = sorted((tmp_path / "explorer-images").iterdir())
    assert [own.name for own in pages] == ["0.html", "1.html", "2.html"]
    for own in pages:
        found = Elements(own.read_text(encoding="utf-8")).found
        assert "script" not in {tag for tag, _ in found}
        assert all(re.match("data:image/", own["src"]) for tag, own in found if tag == "img")
    with zipfile.ZipFile(tmp_path / "explorer.zip") as packed:
        names = {"explorer.html", *(f"explorer-images/{own.name}" for own in pages)}
        assert set(packed.namelist()) == names
    (text,) = Elements(text).texts_of("script", "application/json")
    shown = json.loads(text)["shown"]
    assert all(
        re.search(rf'id="image-{own}"', "".join(p.read_text() for p in pages)) for own in shown
    )
    monkeypatch.undo()
    write_explorer(explored.page, explored.pixels, path)
    assert [own.name for own in tmp_path.iterdir()] == ["explorer.html"]


@pytest.mark.parametrize("decides", ["default", "tuned"])
def test_tuned_networks_stand_beside_those_of_the_studys_recipe(explored, decides):
    findings = {"findings": {"b": "higher"}, "other_findings": {"b": "lower"}}
    study = {**explored.page.study, "tuning": True, "decides": decides, **findings}
    facts = Facts()
    for name in ("accuracy.mean", "accuracy.sd", "tuned.accuracy.mean"):
        facts.add(f"{name}/b", 0.25, Unit.SHARE, "x.csv", "b")
    for kind, value in (("contrast", 0.5), ("other", 0.125)):
        for name in ("mean", "low", "high"):
            facts.add(f"{kind}.accuracy.{name}/b", value, Unit.POINTS, "x.csv", "b")
    facts.add("ledger.suspects", len(explored.page.suspects), Unit.COUNT, "images.csv", "rows")
    voice = Voice([read_language("en")], facts)
    page = write_page(replace(explored.page, study=study, voice=voice), None)
    table = page.partition('id="accuracies"')[2].partition("</table>")[0]
    row = re.sub(r"<[^>]*>", " ", table.rpartition("<tr>")[2]).split()[2:]
    decisive, other = ["+50.0"] * 3, ["+12.5"] * 3
    own, tuned = (other, decisive) if decides == "tuned" else (decisive, other)
    says = ["less", "accurate"], ["more", "accurate"]
    says = says if decides == "tuned" else says[::-1]
    assert row == ["25.0%", "25.0%", *own, "–", *says[0], "25.0%", *tuned, *says[1]]
    assert ("tuned networks say decides" in table) == (decides == "tuned")


@pytest.mark.parametrize(("findings", "said"), [({"b": "undecided"}, "open"), ({}, "not compared")])
def test_a_network_that_is_not_compared_is_not_called_open(explored, findings, said):
    page = write_page(
        replace(explored.page, study=explored.page.study | {"findings": findings}), None
    )
    table = page.partition('id="accuracies"')[2].partition("</table>")[0]
    assert f'lang="en">{said}</span></td>' in table.rpartition("<tr>")[2]


def test_suspects_are_those_of_the_ledger(explored):
    suspects = explored.page.suspects
    material = explored.page.material
    ledger = explored.ledger
    expected = ledger[ledger.label_score < 0.5].sort_values("label_score", kind="stable")
    assert len(expected) > 3
    found = [(material.images.names[own.image], CLASSES[own.believed]) for own in suspects]
    expected = expected.drop_duplicates("group")
    assert found == list(zip(expected.filename, expected.believed, strict=True))


def test_a_run_that_diverged_counts_nowhere(explored):
    material = explored.page.material
    run = material.runs[0]
    nothing = np.full(len(run.answers.predicted), -1)
    silent = np.full(len(nothing), np.nan)
    answers = replace(run.answers, predicted=nothing, surest=silent, own=silent)
    history = pd.DataFrame(run.history.assign(train_loss=np.inf, validation_loss=np.nan))
    lost = replace(material, runs=[replace(run, answers=answers, history=history)])
    assert not count_confusions(lost, 0).any()
    text = write_page(replace(explored.page, material=lost), None)
    (text,) = Elements(text).texts_of("script", "application/json")
    assert json.loads(text)["runs"][0]["surest"][0] is None


def test_a_network_has_a_colour_and_dashes_where_it_is_tuned():
    names = ("a", "b", "c")
    both = [Series(name, name, is_tuned) for name in names for is_tuned in (False, True)]
    looks = [f"series-{place} dash-{dash}" for place in range(3) for dash in (0, 1)]
    assert choose_looks(both) == looks
    alone = [Series(name, name, False) for name in names]
    assert choose_looks(alone) == ["series-0 dash-0", "series-1 dash-1", "series-2 dash-2"]


def test_lines_stay_in_their_panels_and_fall_as_values_do(explored):
    runs = explored.page.material.runs
    for panel, column in zip(
        draw_panels(runs),
        ("train_loss", "validation_loss", "train_accuracy", "validation_accuracy"),
        strict=True,
    ):
        for line in panel.lines:
            assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in line.points)
            values = line.run.history[column].to_numpy()
            order = np.argsort(values)
            heights = np.array([y for _, y in line.points])[order]
            assert (np.diff(heights) <= 1e-9).all()


def test_the_script_never_writes_markup():
    script = (ROOT / "report/templates/explorer.js").read_text(encoding="utf-8")
    forbidden = (
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|Function\(|fetch|http"
    )
    assert not re.search(forbidden, script)
