// The explorer's own script: views, language, sources, sorting, curves, confusions, images.
// All that comes from a user reaches the page as text (textContent), never as markup.
"use strict";

const data = JSON.parse(document.getElementById("data").textContent);
const PORTION = 60; // images that a list shows at a time
const THUMB = 64; // CSS pixels
const PARTS = { t: "train", v: "validation", e: "test" };
const find = (query, from = document) => from.querySelector(query);
const findAll = (query, from = document) => [...from.querySelectorAll(query)];

function make(name, properties = {}, ...children) {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...children);
  return element;
}

// Language ------------------------------------------------------------------------------------

function language() {
  const chosen = find(".languages input:checked");
  return chosen ? chosen.value : data.languages[0];
}

function say(word, names = {}) {
  const text = data.words[language()][word];
  return text.replace(/%\((\w+)\)s/g, (_, name) => names[name]);
}

const count = (number) => new Intl.NumberFormat(language()).format(number);

function percent(thousandths) {
  const style = { style: "percent", minimumFractionDigits: 1, maximumFractionDigits: 1 };
  return new Intl.NumberFormat(language(), style).format(thousandths / 1000);
}

// The articles have the same parts in the same order, so a part and how far one is in it is a place.
let place = null;

function shownArticle() {
  return findAll("#findings:not([hidden]) > article").find((own) => own.offsetParent !== null);
}

function topOfPage() {
  return Math.max(find(".top").getBoundingClientRect().bottom, 0);
}

function rememberPlace() {
  const parts = [...(shownArticle()?.children ?? [])];
  const top = topOfPage();
  const at = parts.findIndex((part) => part.getBoundingClientRect().bottom > top);
  if (at < 0) return;
  const box = parts[at].getBoundingClientRect();
  place = { at, share: (top - box.top) / (box.height || 1) };
}

function returnToPlace() {
  const part = shownArticle()?.children[place?.at];
  if (!part || window.scrollY === 0) return;
  const box = part.getBoundingClientRect();
  window.scrollBy({ top: box.top + place.share * box.height - topOfPage(), behavior: "instant" });
}

// A report leads here in its own language.
function takeLanguage() {
  const asked = new URLSearchParams(location.search).get("language");
  const own = findAll(".languages input").find((input) => input.value === asked);
  if (own) own.checked = true;
}

const redraw = []; // what has to be written anew in another language

function changeLanguage() {
  document.documentElement.lang = language();
  const before = place;
  redraw.forEach((write) => write());
  place = before;
  returnToPlace();
}

// Views ---------------------------------------------------------------------------------------

const views = findAll(".view");

function showView() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  const view = target?.closest(".view") ?? views[0];
  views.forEach((own) => (own.hidden = own !== view));
  for (const link of findAll(".top nav a")) {
    if (link.hash === `#${view.id}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  hideSource();
  if (target === view || !target?.closest(".view")) {
    window.scrollTo({ top: 0, behavior: "instant" });
    if (target === view) find("h2", view).focus({ preventScroll: true });
  } else {
    target.scrollIntoView();
    (find("a", target) ?? target).focus({ preventScroll: true });
  }
}

// Sources of numbers --------------------------------------------------------------------------

const bubble = document.getElementById("source");
let explained = null;

function sourceOf(element) {
  const at = data.languages.indexOf(language());
  const fact = data.sources[element.dataset.id];
  if (fact) {
    const [file, where, values, rules] = fact;
    return `${values[at]}\n${file} · ${where}\n${rules[at]}`;
  }
  return element.dataset.source ?? "";
}

function showSource(element) {
  const text = sourceOf(element);
  if (!text) return;
  hideSource();
  explained = element;
  bubble.textContent = text;
  bubble.hidden = false;
  element.setAttribute("aria-describedby", "source");
  const box = element.getBoundingClientRect();
  const { width, height } = bubble.getBoundingClientRect();
  const left = Math.min(box.left, document.documentElement.clientWidth - width - 8);
  const below = box.bottom + 6;
  bubble.style.left = `${Math.max(8, left)}px`;
  bubble.style.top = `${below + height < innerHeight ? below : box.top - height - 6}px`;
}

function hideSource() {
  explained?.removeAttribute("aria-describedby");
  explained = null;
  bubble.hidden = true;
}

const explain = (event) => {
  const element = event.target.closest?.("[data-id], [data-source]");
  if (element) showSource(element);
  else if (event.type === "mouseover" && explained !== document.activeElement) hideSource();
};

// Each cell of a table of the explorer names its file, its row and its column.
function nameSources(table) {
  const columns = findAll("thead th", table).map((head) => head.dataset.column);
  for (const row of findAll("tbody tr", table)) {
    for (const cell of findAll("td[data-value]", row)) {
      const column = columns[cell.cellIndex];
      cell.dataset.source = `${table.dataset.file} · ${row.dataset.row} · ${column}`;
    }
  }
}

// Tables --------------------------------------------------------------------------------------

// One stop of the tab key a table; arrows lead from cell to cell.
function rove(table, query) {
  const items = findAll(query, table);
  items.forEach((item, at) => (item.tabIndex = at ? -1 : 0));
  table.addEventListener("keydown", (event) => {
    const item = event.target.closest(query);
    if (!item) return;
    const next = neighbour(item, event.key, query);
    if (!next) return;
    event.preventDefault();
    findAll(query, table).forEach((own) => (own.tabIndex = -1));
    next.tabIndex = 0;
    next.focus();
  });
}

function neighbour(item, key, query) {
  const row = item.closest("tr");
  const own = findAll(query, row);
  const at = own.indexOf(item);
  if (key === "ArrowRight") return own[at + 1];
  if (key === "ArrowLeft") return own[at - 1];
  if (key === "Home") return own[0];
  if (key === "End") return own[own.length - 1];
  if (key !== "ArrowDown" && key !== "ArrowUp") return null;
  const side = key === "ArrowDown" ? "nextElementSibling" : "previousElementSibling";
  const column = (cell) => cell.closest("td, th").cellIndex;
  for (let other = row[side]; other; other = other[side]) {
    const cells = findAll(query, other);
    const distance = (cell) => Math.abs(column(cell) - column(item));
    if (cells.length) return cells.reduce((a, b) => (distance(b) < distance(a) ? b : a));
  }
  return null;
}

function makeSortable(table) {
  for (const head of findAll("thead th[data-sort]", table)) {
    const button = make("button", { type: "button" });
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => sort(table, head));
  }
}

function sort(table, head) {
  // Numbers come largest first, texts from A on; the next time it is the other way round.
  const before = head.getAttribute("aria-sort");
  const upwards = before ? before === "descending" : head.dataset.sort === "text";
  for (const other of findAll("th[aria-sort]", table)) other.removeAttribute("aria-sort");
  head.setAttribute("aria-sort", upwards ? "ascending" : "descending");
  const key = (row) => {
    const cell = row.cells[head.cellIndex];
    if (head.dataset.sort === "text") return cell.textContent;
    return cell.dataset.value === "" ? null : Number(cell.dataset.value);
  };
  const compare = (a, b) =>
    typeof a === "string" ? a.localeCompare(b, language(), { numeric: true }) : a - b;
  const rows = [...table.tBodies[0].rows];
  rows.sort((first, second) => {
    const [a, b] = [key(first), key(second)];
    if (a === null || b === null) return (a === null) - (b === null); // what is empty comes last
    return upwards ? compare(a, b) : compare(b, a);
  });
  table.tBodies[0].append(...rows);
}

// Curves --------------------------------------------------------------------------------------

function drawChosenRuns() {
  const off = (name) =>
    new Set(findAll(`[data-toggle-${name}]:not(:checked)`).map((box) => box.getAttribute(`data-toggle-${name}`)));
  const [series, replicates] = [off("series"), off("replicate")];
  for (const line of findAll("#curves .run[data-series]")) {
    line.classList.toggle(
      "off",
      series.has(line.dataset.series) || replicates.has(line.dataset.replicate),
    );
  }
}

// Images --------------------------------------------------------------------------------------

const nameOfSeries = (at) => data.series[at].title + (data.series[at].tuned ? ` (${say("tuned")})` : "");
const className = (at) => (at < 0 ? say("diverged") : data.classes[at]);
const named = (text) => make("bdi", { textContent: text });

function thumbnail(image, size = THUMB) {
  const { side, columns } = data.sheets;
  const at = data.places[image];
  const thumb = make("span", { className: `thumb sheet-${data.labels[image]}` });
  if (size > THUMB) thumb.classList.add("large");
  thumb.setAttribute("aria-hidden", "true");
  thumb.style.backgroundSize = `${columns * size}px auto`;
  thumb.style.backgroundPosition = `${-size * (at % columns)}px ${-size * Math.floor(at / columns)}px`;
  thumb.dataset.shown = `${side * (at % columns)} ${side * Math.floor(at / columns)} ${side}`;
  return thumb;
}

function pictureButton(image, ...lines) {
  const button = make("button", { type: "button", className: "picture" });
  button.dataset.show = image;
  if (data.sheets) button.append(thumbnail(image));
  const label = make("span", { className: "quiet" }, `${say("label")}: `, named(className(data.labels[image])));
  button.append(named(data.names[image]), label, ...lines);
  return button;
}

// A list of images, a portion at a time, so that ten thousand of them cost no more than sixty.
function fillList(box, images, describe = () => []) {
  const list = make("ul", { className: "pictures" });
  const more = make("button", { type: "button", className: "more" });
  let shown = 0;
  const add = () => {
    const from = shown;
    for (const image of images.slice(shown, (shown += PORTION))) {
      list.append(make("li", {}, pictureButton(image, ...describe(image))));
    }
    more.textContent = `${say("more")} (${count(Math.max(images.length - shown, 0))})`;
    more.hidden = shown >= images.length;
    if (from) list.children[from]?.firstChild.focus();
  };
  more.addEventListener("click", add);
  box.replaceChildren(list, more);
  add();
}

function search() {
  const text = find("#search-name").value.toLowerCase();
  const label = find("#search-label").value;
  const images = [];
  data.names.forEach((name, image) => {
    const isOfLabel = label === "" || data.labels[image] === Number(label);
    if (isOfLabel && name.toLowerCase().includes(text)) images.push(image);
  });
  find("#found").textContent = images.length ? say("found", { count: count(images.length) }) : say("none");
  fillList(find("#results"), images);
}

// By run, where each image stands in what it said.
function answersOf(run) {
  run.at ??= new Map(run.images.map((image, at) => [image, at]));
  return run.at;
}

const dialog = document.getElementById("image");
let opened = null;

function showImage(image) {
  opened = image;
  find("#image-name").replaceChildren(named(data.names[image]));
  const box = find("#image-content");
  const facts = make("p", {}, `${say("label")}: `, named(className(data.labels[image])), ` · SHA-256 ${data.sha256[image]}…`);
  box.replaceChildren(facts);
  if (data.sheets) {
    const picture = thumbnail(image, 3 * THUMB);
    picture.removeAttribute("aria-hidden");
    picture.setAttribute("role", "img");
    picture.setAttribute("aria-label", data.names[image]);
    box.prepend(picture);
  } else {
    const href = `explorer-images/${data.labels[image]}.html#image-${data.shown[image]}`;
    facts.append(" · ", make("a", { href, textContent: say("picture") }));
  }
  box.append(make("h3", { textContent: say("answers") }), tabulateAnswers(image));
  const group = data.groups.find((own) => own.includes(image));
  if (group) {
    const list = make("div");
    fillList(list, group.filter((other) => other !== image));
    box.append(make("h3", { textContent: say("duplicates") }), list);
  }
  if (!dialog.open) dialog.showModal();
  dialog.scrollTop = 0;
  find("#image-name").focus();
}

function tabulateAnswers(image) {
  const heads = [say("replicate"), say("part"), say("leak"), ...data.series.map((_, at) => nameOfSeries(at))];
  const head = make("tr", {}, ...heads.map((text) => make("th", { scope: "col" }, named(text))));
  const body = make("tbody");
  for (const [replicate, parts] of Object.entries(data.parts)) {
    const letter = parts[image];
    const part = PARTS[letter.toLowerCase()];
    const row = make("tr", {}, make("th", { scope: "row", textContent: replicate }));
    row.append(make("td", { textContent: say(part) }));
    row.append(make("td", { textContent: say(letter === letter.toLowerCase() ? "no" : "yes") }));
    data.series.forEach((_, series) => {
      const cell = make("td");
      for (const run of data.runs) {
        if (run.series === series && String(run.replicate) === replicate) {
          cell.append(writeAnswer(run, image));
        }
      }
      row.append(cell);
    });
    body.append(row);
  }
  const table = make("table", { className: "answers" }, make("thead", {}, head), body);
  const box = make("div", { className: "table", tabIndex: 0 }, table);
  box.setAttribute("role", "region");
  box.setAttribute("aria-label", say("answers"));
  return box;
}

function writeAnswer(run, image) {
  const at = answersOf(run).get(image);
  if (at === undefined) return make("div", { textContent: "–" });
  const predicted = run.predicted[at];
  const isRight = predicted === data.labels[image];
  const answer = make("div", { className: isRight ? "" : "wrong" });
  answer.append(isRight ? "✓ " : "✗ ", named(className(predicted)));
  if (run.surest[at] !== null) answer.append(` (${percent(run.surest[at])})`);
  return answer;
}

// Confusions ----------------------------------------------------------------------------------

const cellBox = make("section", { className: "cell" });
let cell = null;

function makeCells(table) {
  const series = Number(table.dataset.series);
  findAll("tbody tr", table).forEach((row, label) => {
    findAll("td", row).forEach((own, predicted) => {
      if (own.dataset.count === "0") return;
      const button = make("button", { type: "button", textContent: own.textContent });
      button.setAttribute("aria-label", `${own.textContent}: ${data.classes[label]} → ${data.classes[predicted]}`);
      button.setAttribute("aria-expanded", "false");
      button.dataset.source = `${nameOfSeries(series)} · predictions.csv · ${data.classes[label]} → ${data.classes[predicted]}`;
      button.addEventListener("click", () => showCell({ button, series, label, predicted }));
      own.replaceChildren(button);
    });
  });
  rove(table, "button");
}

// Validation images come first in what a run said.
function listCell({ series, label, predicted }) {
  const found = new Map();
  for (const run of data.runs) {
    if (run.series !== series) continue;
    for (let at = 0; at < run.validated; at++) {
      const image = run.images[at];
      if (data.labels[image] !== label || run.predicted[at] !== predicted) continue;
      if (!found.has(image)) found.set(image, []);
      found.get(image).push(run.seed ? `${run.replicate}-${run.seed}` : String(run.replicate));
    }
  }
  return found;
}

function showCell(own, mayFocus = true) {
  cell?.button.setAttribute("aria-expanded", "false");
  cell = own;
  own.button.setAttribute("aria-expanded", "true");
  const found = listCell(own);
  const total = [...found.values()].reduce((sum, runs) => sum + runs.length, 0);
  const head = make("h4", { tabIndex: -1 }, named(nameOfSeries(own.series)), ": ", named(data.classes[own.label]), " → ", named(data.classes[own.predicted]));
  const back = make("button", { type: "button", className: "more", textContent: say("back") });
  back.addEventListener("click", () => own.button.focus());
  const said = make("p", { textContent: say("cell", { count: count(total), images: count(found.size) }) });
  said.dataset.total = total;
  const list = make("div");
  fillList(list, [...found.keys()], (image) => [
    make("span", { className: "quiet", textContent: say("in_replicates", { names: found.get(image).join(", ") }) }),
  ]);
  cellBox.replaceChildren(head, said, back, list);
  own.button.closest(".table").after(cellBox);
  if (mayFocus) head.focus();
}

// Start ---------------------------------------------------------------------------------------

findAll("[data-needs-script]").forEach((own) => (own.hidden = false));
findAll("table[data-file]").forEach(nameSources);
findAll("table.sortable").forEach(makeSortable);
findAll("table.matrix").forEach(makeCells);
findAll(".document table, table.sortable").forEach((own) => rove(own, "tbody .v, tbody td[data-source]"));
for (const own of findAll("[data-image]")) {
  const button = make("button", { type: "button", className: "named" });
  button.dataset.show = own.dataset.image;
  if (data.sheets) {
    const thumb = thumbnail(Number(own.dataset.image), own.closest(".members") ? THUMB : 32);
    button.append(thumb);
  }
  button.append(...own.childNodes);
  own.replaceChildren(button);
}
for (const own of findAll("span.v")) {
  if (!own.closest("tbody")) own.tabIndex = 0;
}
// What scrolls sideways can be reached by keyboard.
for (const box of findAll(".table")) {
  if (!find("button, a, [tabindex]", box)) box.tabIndex = 0;
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-show]");
  if (button) showImage(Number(button.dataset.show));
});
document.addEventListener("mouseover", explain);
document.addEventListener("focusin", explain);
document.addEventListener("focusout", hideSource);
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") hideSource();
});
document.addEventListener("scroll", rememberPlace, { passive: true });
find("#curves").addEventListener("change", drawChosenRuns);
find(".search").addEventListener("submit", (event) => event.preventDefault());
find(".search").addEventListener("input", search);
for (const own of findAll(".languages input")) own.addEventListener("change", changeLanguage);
find(".languages")?.addEventListener("pointerdown", rememberPlace);
redraw.push(search, () => cell && showCell(cell, false), () => dialog.open && showImage(opened));
window.addEventListener("hashchange", showView);

takeLanguage();
document.documentElement.lang = language();
search();
showView();
