// A consultation with its marks beside the turns: in the reports, and in the pages of the local server.
"use strict";
let data, parts;
const take = (text) => {
  data = JSON.parse(text);
  parts = new Map(data.parts.map((part, place) => [part.id, { ...part, place }]));
};
const SIGN = { met: "✓", partly: "½", not: "✗", cannot_tell: "?" };
// A verdict on this many turns or more is about the whole conversation: its code is enough beside each.
const WIDE = 4;
const at = (id) => document.getElementById(id);
const own = (names) => names[document.documentElement.dataset.lang];
const told = (key) => own(data.say[key]);

// Everything shown goes through here as text: nothing of a conversation is ever taken for markup.
const make = (tag, attributes = {}, ...inside) => {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...inside);
  return made;
};
const pair = (names) => {
  const both = document.createDocumentFragment();
  for (const lang of ["zh", "en"]) both.append(make("span", { class: "t", lang }, names[lang]));
  return both;
};
const word = (key) => pair(data.say[key]);
const counted = (key, number) => pair({ zh: data.say[key].zh.replace("#", number), en: data.say[key].en.replace("#", number) });
const ODD = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g;
const shown = (text) => {
  const all = document.createDocumentFragment();
  let from = 0;
  for (const found of text.matchAll(ODD)) {
    all.append(text.slice(from, found.index));
    all.append(make("span", { class: "odd" }, `U+${found[0].codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}`));
    from = found.index + 1;
  }
  all.append(text.slice(from));
  return all;
};
const quoted = (text, quotes) => {
  const spans = quotes.map((quote) => [text.indexOf(quote), quote.length]).filter(([start]) => start >= 0).sort((a, b) => a[0] - b[0]);
  const all = document.createDocumentFragment();
  let from = 0;
  for (const [start, length] of spans) {
    if (start + length <= from) continue;
    const begin = Math.max(start, from);
    all.append(shown(text.slice(from, begin)), make("mark", {}, shown(text.slice(begin, start + length))));
    from = start + length;
  }
  all.append(shown(text.slice(from)));
  return all;
};

const tone = (part, mark) => (!part.cap ? mark : mark === "met" ? "not" : mark === "not" ? "met" : mark);
const markWord = (part, mark) => word(part.cap && mark === "met" ? "report_cap_fired" : part.cap && mark === "not" ? "report_cap_clear" : `mark_${mark}`);
const unknownPart = (id) => ({ id, cap: false, zh: "", en: "" });

// A fact by the record's line where the case is at hand, a topic by its label, anything else by its id.
const factOf = (id, lines, lang) => {
  const line = lines[id] ? make("span", { lang, dir: "auto" }, shown(lines[id])) : data.topics[id] ? pair(data.topics[id]) : shown(id);
  return make("span", { class: "fact", title: id }, line);
};
const marginOf = (turn, verdicts, prefix, lines, lang) => {
  const list = make("ul");
  const general = make("li", { class: "codes" });
  for (const [item, mark, , turns] of verdicts) {
    const part = parts.get(item) ?? unknownPart(item);
    if (turns.length > WIDE) general.append(make("a", { href: `#${prefix}-${item}`, class: tone(part, mark), title: `${part.zh} ${part.en}` }, `${item} ${SIGN[tone(part, mark)]}`), " ");
    else list.append(make("li", { class: tone(part, mark) }, make("a", { href: `#${prefix}-${item}`, class: tone(part, mark) }, item, " ", pair(part)), " ", markWord(part, mark)));
  }
  if (general.children.length) list.append(general);
  for (const [kind, ids] of Object.entries(turn.facts ?? {})) list.append(make("li", { class: "facts" }, word(`report_${kind}`), " ", ...ids.map((id) => factOf(id, lines, lang))));
  for (const [request, finding, status] of turn.found ?? []) list.append(make("li", {}, shown(request), finding && finding !== request ? shown(` → ${finding}`) : "", " · ", word(`report_status_${status}`)));
  for (const [action, resolution, detail, draft] of turn.guard ?? []) {
    const why = make("li", { class: "partly" }, word("report_guard"), " ", word(`report_guard_${action}`), " ", shown(detail), " → ", word(`report_${resolution}`));
    if (draft) why.append(make("div", { class: "soft" }, make("q", { dir: "auto" }, shown(draft))));
    list.append(why);
  }
  return make("div", { class: "margin" }, ...(list.children.length ? [list] : []));
};
const turnRow = (turn, verdicts, prefix, lines, lang) => {
  const said = make("div", { class: "said", lang, dir: "auto" }, quoted(turn.text, verdicts.map((one) => one[4]).filter(Boolean)));
  if (turn.text.length > 1200) { said.tabIndex = 0; said.setAttribute("role", "group"); said.setAttribute("aria-label", `${turn.n}`); }
  return make("li", { class: `turn ${turn.who}`, id: `${prefix}-turn${turn.n}`, tabindex: "-1" }, make("div", { class: "who" }, `${turn.n} `, word(`report_${turn.who}`)), said, marginOf(turn, verdicts, prefix, lines, lang));
};
const verdictLine = ([item, mark, value, turns, quote, why, judge, flags], prefix) => {
  const part = parts.get(item) ?? unknownPart(item);
  const share = value !== null && ![0, 0.5, 1].includes(value) ? ` ${value.toFixed(2)}` : "";
  const line = make("li", { id: `${prefix}-${item}`, tabindex: "-1" }, `${item} `, pair(part), " ", make("span", { class: `mark ${tone(part, mark)}` }, markWord(part, mark), share));
  const basis = make("div");
  if (quote) basis.append(make("q", { dir: "auto" }, shown(quote)), " ");
  for (const number of turns) {
    const link = make("a", { href: `#${prefix}-${number < 0 ? "closing" : `turn${number}`}` });
    link.append(number < 0 ? word("closing_block") : counted("report_turn", number));
    basis.append(link, " ");
  }
  const reasons = [why && (typeof why === "string" ? make("span", { dir: "auto" }, shown(why)) : pair(why)), ...flags.map(shown)].filter(Boolean);
  if (reasons.length) basis.append(make("span", { class: "soft" }, ...reasons.flatMap((one, place) => (place ? [" · ", one] : [one]))));
  line.append(basis);
  return line;
};
const conversation = (entry, talk, prefix) => {
  const of = (number) => talk.verdicts.filter((one) => one[3].includes(number));
  const turns = make("ol", { class: "turns" }, ...talk.turns.map((turn) => turnRow(turn, of(turn.n), prefix, talk.lines, entry.lang)));
  const all = [turns];
  if (talk.closing) {
    const list = make("dl", { lang: entry.lang });
    ["diagnosis", "differential", "tests", "plan"].forEach((key, place) => list.append(make("dt", {}, word(`closing_${key}`)), make("dd", { dir: "auto" }, shown(talk.closing[place].join("\n") || "–"))));
    all.push(make("section", { class: "closing", id: `${prefix}-closing`, tabindex: "-1" }, make("h3", {}, word("closing_block")), list, marginOf({}, of(-1), prefix, talk.lines, entry.lang)));
  }
  if (talk.verdicts.length) all.push(make("h3", {}, word("report_verdicts")), make("ul", { class: "verdicts" }, ...talk.verdicts.map((one) => verdictLine(one, prefix))));
  return all;
};
const aboutOf = (entry) => {
  const about = make("span", { class: "about" }, counted("report_turns", entry.turns), " · ", word(`stop_${entry.stop}`));
  for (const reason of entry.broke) about.append(" · ", make("span", { class: "not" }, word(`report_${reason}`)));
  for (const cap of entry.caps) about.append(" · ", make("span", { class: "cap" }, cap, " ", pair(parts.get(cap) ?? unknownPart(cap)), entry.raw > entry.score ? ` (${entry.raw.toFixed(1)} → ${entry.score.toFixed(1)})` : ""));
  return about;
};
const jump = (event) => {
  const link = event.target.closest("a[href^='#']");
  const target = link && at(decodeURIComponent(link.getAttribute("href").slice(1)));
  if (target && target.tabIndex === -1) { event.preventDefault(); target.focus({ preventScroll: true }); target.scrollIntoView({ block: "center" }); }
};
document.addEventListener("click", jump);
