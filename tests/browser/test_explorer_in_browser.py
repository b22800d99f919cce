"""The explorer in a real browser, from disk."""

import hashlib
import json
import time
from collections import Counter
from types import SimpleNamespace
from urllib.parse import quote

import pytest
from explored import CLASSES, HOSTILE_NAME, HOSTILE_TITLE, explore

from timbang.explorer.writing import write_explorer

pytestmark = pytest.mark.browser
MANY = 10_000
VIEWS = ["findings", "accuracies", "curves", "confusions", "images", "suspects", "duplicates"]
# Chooses a cell, lists all of its images, and returns its count, that of the list, and the images.
LIST_CELL = """
const table = document.querySelector(`table[data-series="${arguments[0]}"]`);
const row = table.querySelectorAll("tbody tr")[arguments[1]];
const cell = row.querySelectorAll("td")[arguments[2]];
cell.querySelector("button").click();
let more;
while ((more = document.querySelector(".cell div .more")) && !more.hidden) more.click();
const pictures = [...document.querySelectorAll(".cell .picture")];
return [cell.textContent, document.querySelector(".cell [data-total]").dataset.total,
  pictures.map((own) => Number(own.dataset.show))];
"""
# When the page was painted first, which may be after it was loaded.
FIRST_PAINT = """
const done = arguments[arguments.length - 1];
new PerformanceObserver((list) => {
  const [paint] = list.getEntriesByName("first-contentful-paint");
  if (paint) done(paint.startTime);
}).observe({type: "paint", buffered: true});
"""
# From a click on a cell to the frame after its images are there, in milliseconds.
TIME_CELL = """
const done = arguments[0];
const button = document.querySelector(".matrix button"), start = performance.now();
button.click();
if (!document.querySelector(".cell .picture")) throw new Error("no images");
requestAnimationFrame(() => setTimeout(() => done(performance.now() - start)));
"""
# Draws what a thumbnail shows, whatever its size on the page, and returns its RGB bytes.
READ_PICTURE = """
const thumb = arguments[0], done = arguments[1];
const [left, top, side] = thumb.dataset.shown.split(" ").map(Number);
const sheet = new Image();
sheet.onload = () => {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = side;
  const context = canvas.getContext("2d");
  const size = parseFloat(getComputedStyle(thumb).width);
  const [x, y] = getComputedStyle(thumb).backgroundPosition.split(" ").map(parseFloat);
  const step = sheet.width / (parseFloat(getComputedStyle(thumb).backgroundSize));
  context.drawImage(sheet, -x * step, -y * step, side, side, 0, 0, side, side);
  done([...context.getImageData(0, 0, side, side).data].filter((_, at) => at % 4 < 3));
};
sheet.src = getComputedStyle(thumb).backgroundImage.slice(5, -2);
"""
# Returns of a view how many shown numbers have a source, which cells of numbers say none on focus
# or on hover, and which no key reaches.
READ_SOURCES = """
const view = document.getElementById(arguments[0]);
const bubble = document.getElementById("source");
const isShown = (own) => own.offsetParent !== null && /[0-9]/.test(own.textContent);
const cells = [...view.querySelectorAll("tbody td")].filter((own) => isShown(own)
  && (own.matches(".r, [data-count]") && !own.closest("article")));
const numbers = [...view.querySelectorAll(".v, [data-source]")].filter(isShown);
const silent = cells.filter((own) => !own.dataset.source
  && !own.querySelector(".v, [data-source]"));
const unreachable = numbers.filter((own) => !own.closest("table") && own.tabIndex < 0);
for (const table of view.querySelectorAll("table")) {
  const own = [...table.querySelectorAll("tbody .v, tbody [data-source]")].filter(isShown);
  if (own.length && !own.some((one) => one.tabIndex === 0)) unreachable.push(table);
}
for (const own of numbers) {
  document.body.dispatchEvent(new MouseEvent("mouseover", { bubbles: true }));
  own.focus();
  if (document.activeElement !== own || bubble.hidden || !bubble.textContent) silent.push(own);
  own.blur();
  if (!bubble.hidden) silent.push(own);
  own.dispatchEvent(new MouseEvent("mouseover", { bubbles: true }));
  if (bubble.hidden || !bubble.textContent) silent.push(own);
}
const write = (own) => own.outerHTML.slice(0, 200);
return [numbers.length, silent.map(write), unreachable.map(write)];
"""


@pytest.fixture(scope="module")
def explored(tmp_path_factory):
    folder = tmp_path_factory.mktemp("explored")
    own = explore(folder, count=90)
    path = folder / "explorer.html"
    size = write_explorer(own.page, own.pixels, path)
    return SimpleNamespace(
        page=path.as_uri(),
        size=size,
        predictions=own.predictions,
        pixels=own.pixels,
        names=own.page.material.images.names,
    )


@pytest.fixture
def opened(browser, explored):
    browser.set_window_size(1280, 900)
    browser.get_log("performance")
    browser.get_log("browser")
    browser.get("about:blank")
    browser.get(explored.page)
    return browser


def ask(browser, script, *arguments):
    return browser.execute_script(f"return {script}", *arguments)


def open_view(browser, name):
    browser.execute_script(f"document.querySelector('nav a[href=\"#{name}\"]').click()")
    deadline = time.monotonic() + 20
    while ask(browser, f"document.getElementById('{name}').hidden") and time.monotonic() < deadline:
        time.sleep(0.05)


def press(browser, *keys):
    from selenium.webdriver.common.action_chains import ActionChains

    ActionChains(browser).send_keys(*keys).perform()


def test_nothing_is_requested_and_nothing_is_said_on_the_console(opened):
    for view in ("accuracies", "curves", "confusions", "images", "suspects", "duplicates"):
        open_view(opened, view)
    opened.execute_script("document.querySelector('#results button').click()")
    entries = [json.loads(own["message"])["message"] for own in opened.get_log("performance")]
    asked = {
        own["params"]["request"]["url"].partition("#")[0]
        for own in entries
        if own["method"] == "Network.requestWillBeSent"
    }
    assert all(own.startswith(("file:", "data:", "about:")) for own in asked)
    assert len([own for own in asked if own.startswith("file:")]) <= 1
    assert opened.get_log("browser") == []


def test_every_cell_lists_as_many_predictions_as_the_tables_have(opened, explored):
    open_view(opened, "confusions")
    for series, contender in enumerate("ab"):
        counts, images = Counter(), {}
        for (name, _), table in explored.predictions.items():
            if name == contender:
                own = table[table.part == "validation"]
                for file, *cell in zip(own.filename, own.label, own.predicted, strict=True):
                    counts[tuple(cell)] += 1
                    images.setdefault(tuple(cell), set()).add(file)
        for (label, predicted), count in counts.items():
            row, column = CLASSES.index(label), CLASSES.index(predicted)
            found = opened.execute_script(LIST_CELL, series, row, column)
            assert found[:2] == [str(count), str(count)]
            assert {explored.names[image] for image in found[2]} == images[label, predicted]


def test_each_image_shown_is_the_one_named(opened, explored):
    open_view(opened, "images")
    opened.execute_script("document.querySelector('#results .more').click()")
    thumbs = opened.execute_script("return [...document.querySelectorAll('#results .thumb')]")
    assert len(thumbs) == len(explored.names)
    for image in (0, 1, 2, 44, 88, 89):
        name = ask(
            opened, "arguments[0].parentElement.querySelector('bdi').textContent", thumbs[image]
        )
        assert name == explored.names[image]
        shown = bytes(opened.execute_async_script(READ_PICTURE, thumbs[image]))
        own = explored.pixels[image].tobytes()
        assert hashlib.sha256(shown).digest() == hashlib.sha256(own).digest()


def test_hostile_names_stay_text(opened):
    open_view(opened, "images")
    opened.execute_script(
        """const field = document.getElementById("search-name");
        field.value = "alert(2)"; field.dispatchEvent(new Event("input", {bubbles: true}));"""
    )
    assert ask(opened, "document.querySelectorAll('#results .picture').length") == 1
    opened.execute_script("document.querySelector('#results .picture').click()")
    assert ask(opened, "document.getElementById('image-name').textContent") == HOSTILE_NAME
    heads = ask(
        opened, "[...document.querySelectorAll('.answers th')].map((own) => own.textContent)"
    )
    assert HOSTILE_TITLE in heads
    assert ask(opened, "document.querySelectorAll('script').length") == 2
    assert ask(opened, "document.querySelectorAll('img').length") == 0
    open_view(opened, "confusions")
    heads = ask(
        opened, "[...document.querySelectorAll('.matrix tbody th')].map((own) => own.textContent)"
    )
    assert heads == 2 * CLASSES
    assert opened.get_log("browser") == []


def test_the_language_changes_without_losing_the_place(opened):
    opened.execute_script(
        """for (const own of document.querySelectorAll("article")) {
          for (let at = 0; at < 80; at++) {
            const part = document.createElement("p");
            part.textContent = `${at} ` + "x ".repeat(own.lang === "en" ? 400 : 900);
            own.append(part);
          }
        }"""
    )
    first = """(() => { const top = document.querySelector(".top").getBoundingClientRect().bottom;
      return [...document.querySelectorAll("article")].find((own) => own.offsetParent)
      .querySelectorAll("p").values().find((own) => own.getBoundingClientRect().bottom > top + 2)
      .textContent.split(" ")[0]; })()"""
    opened.execute_script("window.scrollTo(0, 5000)")
    time.sleep(0.5)
    before = ask(opened, first)
    opened.find_element("css selector", "label:has(#show-en)").click()
    assert ask(opened, "document.documentElement.lang") == "en"
    assert ask(opened, first) == before != "0"
    assert "Accuracies" in opened.find_element("css selector", "nav").text


@pytest.mark.parametrize(
    ("asked", "shown"), [("en", "en"), ("id", "id"), ('x"y', "id"), ("", "id")]
)
def test_a_report_leads_to_the_explorer_in_its_own_language(browser, explored, asked, shown):
    browser.get(f"{explored.page}?language={quote(asked)}#curves")
    assert ask(browser, "document.documentElement.lang") == shown
    assert browser.find_element("css selector", f"#show-{shown}").is_selected()
    curves = {"en": "Curves", "id": "Kurva"}[shown]
    assert curves in browser.find_element("css selector", "nav").text


def test_a_group_of_copies_says_what_was_done_and_how_sure_it_is(opened):
    open_view(opened, "duplicates")
    text = opened.find_element("css selector", ".groups").text
    assert "dicerminkan, dipotong sebesar 8 %" in text and "63,3" in text and "rantai" in text
    opened.find_element("css selector", "label:has(#show-en)").click()
    text = opened.find_element("css selector", ".groups").text
    assert "mirrored, cropped by 8 % (evidence 63.3)" in text and "chain" in text
    assert HOSTILE_NAME in text
    size = "getComputedStyle(document.querySelector('.members .thumb')).width"
    assert ask(opened, size) == "64px"


def test_the_keyboard_alone_searches_sorts_and_switches_runs_off(opened):
    from selenium.webdriver.common.keys import Keys

    active = "document.activeElement"

    def tab_to(query, at_most=30):
        for _ in range(at_most):
            if ask(opened, f"{active}.matches({query!r})"):
                return
            press(opened, Keys.TAB)
        raise AssertionError(f"no way to {query}")

    opened.execute_script("document.body.focus()")
    press(opened, Keys.TAB)
    assert ask(opened, f"{active}.className") == "skip"
    tab_to('a[href="#images"]')
    press(opened, Keys.ENTER)
    time.sleep(0.3)
    tab_to("#search-name")
    press(opened, *"00007")
    assert ask(opened, "document.querySelectorAll('#results .picture').length") == 1
    tab_to("#results .picture")
    press(opened, Keys.ENTER)
    assert ask(opened, "document.getElementById('image-name').textContent") == "00007.png"
    press(opened, Keys.ESCAPE)
    opened.execute_script("document.querySelector('nav a[href=\"#accuracies\"]').focus()")
    press(opened, Keys.ENTER)
    time.sleep(0.3)
    tab_to("[data-file] th[data-column=accuracy] button")
    press(opened, Keys.ENTER)
    sort = "document.querySelector('[data-file] th[data-column=accuracy]').ariaSort"
    assert ask(opened, sort) == "descending"
    opened.execute_script("document.querySelector('nav a[href=\"#curves\"]').focus()")
    press(opened, Keys.ENTER)
    time.sleep(0.3)
    tab_to("[data-toggle-series]")
    press(opened, Keys.SPACE)
    assert ask(opened, "document.querySelectorAll('svg .run.off').length") > 0


def test_the_keyboard_alone_reaches_an_image_and_its_answers(opened):
    from selenium.webdriver.common.keys import Keys

    active = "document.activeElement"
    opened.execute_script("document.querySelector('nav a[href=\"#confusions\"]').focus()")
    press(opened, Keys.ENTER)
    time.sleep(0.3)
    assert ask(opened, f"{active}.id") == "confusions-head"
    press(opened, Keys.TAB)
    first = ask(opened, f"{active}.getAttribute('aria-label')")
    press(opened, Keys.ARROW_RIGHT)
    assert ask(opened, f"{active}.getAttribute('aria-label')") != first
    assert "predictions.csv" in ask(opened, "document.getElementById('source').textContent")
    press(opened, Keys.ENTER)
    assert ask(opened, f"{active}.tagName") == "H4"
    press(opened, Keys.TAB, Keys.TAB, Keys.ENTER)
    assert ask(opened, "document.getElementById('image').open")
    press(opened, Keys.ESCAPE)
    assert not ask(opened, "document.getElementById('image').open")
    assert ask(opened, f"{active}.className") == "picture"


@pytest.mark.parametrize("code", ["id", "en"])
def test_every_number_says_its_source_on_focus_and_on_hover(opened, code):
    opened.execute_script(f"document.getElementById('show-{code}')?.click()")
    for view in VIEWS:
        open_view(opened, view)
        numbers, silent, unreachable = opened.execute_script(READ_SOURCES, view)
        assert (silent, unreachable) == ([], []), view
        assert bool(numbers) == (view not in ("curves", "images")), view
    open_view(opened, "accuracies")
    opened.execute_script("document.querySelector('#accuracies .v').focus()")
    said = ask(opened, "document.getElementById('source').textContent")
    as_it_is = {
        "id": "0,5\nruns.csv · a, <i>\napa adanya",
        "en": "0.5\nruns.csv · a, <i>\nas it is",
    }
    assert said == as_it_is[code]
    described = ask(opened, "document.activeElement.getAttribute('aria-describedby')")
    assert described == "source"


def test_the_pointer_over_a_number_shows_its_source_until_it_leaves(opened):
    from selenium.webdriver.common.action_chains import ActionChains

    open_view(opened, "suspects")
    cell = opened.find_element("css selector", "#suspects td[data-source]")
    ActionChains(opened).move_to_element(cell).perform()
    assert ask(opened, "document.getElementById('source').textContent").startswith("images.csv · ")
    ActionChains(opened).move_to_element(opened.find_element("id", "suspects-head")).perform()
    assert ask(opened, "document.getElementById('source').hidden")


def test_columns_are_sorted_and_runs_switched_off(opened):
    open_view(opened, "accuracies")
    values = """[...document.querySelectorAll('[data-file="runs.csv"] tbody tr')].map(
      (own) => own.querySelector('[data-source$=accuracy]').dataset.value)"""
    head = "document.querySelector('[data-file] th[data-column=accuracy] button')"
    opened.execute_script(f"{head}.click()")
    assert ask(opened, values) == ["1", "0.75", "0.5", "0.25"]
    opened.execute_script(f"{head}.click()")
    assert ask(opened, values) == ["0.25", "0.5", "0.75", "1"]
    open_view(opened, "curves")
    opened.execute_script("document.querySelector('[data-toggle-series=\"0\"]').click()")
    opened.execute_script("document.querySelector('[data-toggle-replicate=\"1\"]').click()")
    shown = """[...document.querySelectorAll('svg .run[data-series]')].filter(
      (own) => getComputedStyle(own).display !== 'none').map(
      (own) => own.dataset.series + own.dataset.replicate)"""
    assert ask(opened, shown) == ["10"] * 4


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_narrow_pages_do_not_scroll_sideways_and_axe_finds_nothing(opened, axe, scheme):
    media = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    opened.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
    narrow = {"width": 360, "height": 780, "deviceScaleFactor": 1, "mobile": False}
    opened.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", narrow)
    found = {}
    opened.execute_script(axe)
    for view in VIEWS:
        open_view(opened, view)
        if view == "confusions":
            opened.execute_script("document.querySelector('.matrix button').click()")
        assert ask(opened, "document.documentElement.scrollWidth <= window.innerWidth"), view
        own = opened.execute_async_script("axe.run(document).then(arguments[0])")
        found[view] = [
            (one["id"], [node["html"] for node in one["nodes"]][:3]) for one in own["violations"]
        ]
    opened.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    assert found == {view: [] for view in found}


def test_without_a_script_findings_tables_and_counts_are_there(browser, explored):
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        browser.get("about:blank")
        browser.get(explored.page)
        text = browser.find_element("css selector", "main").text
    finally:
        browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
    assert "Loss pelatihan" in text and "Training loss" not in text
    total = sum((own.part == "validation").sum() for own in explored.predictions.values())
    cells = browser.find_elements("css selector", ".matrix td[data-count]")
    assert sum(int(own.text or 0) for own in cells) == total


def test_ten_thousand_images_stay_usable(browser, tmp_path):
    own = explore(tmp_path, count=MANY)
    path = tmp_path / "explorer.html"
    size = write_explorer(own.page, own.pixels, path)
    browser.get("about:blank")
    browser.get(path.as_uri())
    paint = browser.execute_async_script(FIRST_PAINT)
    load = "performance.timing.loadEventEnd - performance.timing.navigationStart"
    ready = ask(browser, load)
    open_view(browser, "confusions")
    click = browser.execute_async_script(TIME_CELL)
    open_view(browser, "images")
    typing = ask(
        browser,
        """(() => { const field = document.getElementById("search-name"), start = performance.now();
        field.value = "0999"; field.dispatchEvent(new Event("input", {bubbles: true}));
        document.getElementById("results").getBoundingClientRect();
        return performance.now() - start; })()""",
    )
    shown = ask(browser, "document.querySelectorAll('#results .picture').length")
    print(
        f"{MANY} images, {size} bytes: first paint {paint:.0f} ms, loaded {ready:.0f} ms, "
        f"a cell's images {click:.0f} ms, a search {typing:.0f} ms"
    )
    names = own.page.material.images.names
    assert shown == sum("0999" in name for name in names)
    assert size <= 5_000_000
    assert paint < 5000 and click < 1000 and typing < 1000
