// Marks by keyboard or mouse; each change is saved at once. Without scripts every item has a button to save it.
const items = [...document.querySelectorAll("form.item")];
const turns = new Map([...document.querySelectorAll("[data-turn]")].map((one) => [Number(one.dataset.turn), one]));
const status = document.getElementById("status");
const keys = document.getElementById("keys");
document.body.classList.add("scripted");
let current = items[0];

const tell = (text) => { document.getElementById("said").textContent = text; };
const chosen = (form) => form.elements.turns.value.toLowerCase().split(/[\s,]+/).filter(Boolean).map((word) => (word === "c" ? -1 : Number(word)));

const light = () => {
  const now = new Set(chosen(current));
  for (const [number, turn] of turns) {
    turn.classList.toggle("chosen", now.has(number));
    turn.querySelector("button").setAttribute("aria-pressed", String(now.has(number)));
  }
  for (const form of items) form.classList.toggle("current", form === current);
};

const turnTo = (form, focus) => {
  current = form;
  light();
  if (focus) {
    form.focus({ preventScroll: true });
    form.scrollIntoView({ block: "nearest" });
  }
};

const saving = new Map();
const save = (form) => {
  // One after the other, so that the last choice is the one that stays.
  const turn = (saving.get(form) ?? Promise.resolve()).then(async () => {
    try {
      const answer = await fetch(location.pathname, {
        method: "POST", keepalive: true, credentials: "same-origin", headers: { accept: "application/json" }, body: new URLSearchParams(new FormData(form)),
      });
      if (!answer.ok) throw new Error(String(answer.status));
      document.getElementById("done").textContent = (await answer.json()).done;
      form.classList.toggle("done", Boolean(form.elements.verdict.value));
      form.classList.remove("lost");
      tell(status.dataset.saved);
    } catch {
      form.classList.add("lost");
      tell(status.dataset.lost);
    }
  });
  saving.set(form, turn);
};

const decide = (verdict) => {
  const choice = [...current.elements.verdict].find((one) => one.value === verdict);
  if (!choice) return;
  choice.checked = true;
  save(current);
};

const toggle = (number) => {
  if (!turns.has(number)) return;
  const now = chosen(current);
  const there = now.includes(number);
  const next = there ? now.filter((one) => one !== number) : [...now, number].sort((a, b) => a - b);
  current.elements.turns.value = next.join(" ");
  light();
  turns.get(number).scrollIntoView({ block: "nearest" });
  if (current.elements.verdict.value) save(current);
  tell((there ? status.dataset.freed : status.dataset.chosen).replace("#", number === -1 ? status.dataset.closing : number));
};

let digits = "", timer = 0;
const digit = (key) => {
  digits += key;
  clearTimeout(timer);
  tell(digits);
  // A longer number may follow, unless there is no such turn.
  const more = [...turns.keys()].some((number) => String(number).length > digits.length && String(number).startsWith(digits));
  timer = setTimeout(() => { toggle(Number(digits)); digits = ""; }, more ? 700 : 0);
};

const verdicts = { y: "met", p: "partly", n: "not", "?": "cannot_tell", "？": "cannot_tell" };
document.addEventListener("keydown", (event) => {
  const typing = event.target.matches("textarea, input:not([type=radio], [type=checkbox])");
  if (event.key === "Escape" && typing) { turnTo(current, true); return; }
  if (!keys.checked || typing || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  const at = items.indexOf(current);
  if (event.key === "j") turnTo(items[Math.min(at + 1, items.length - 1)], true);
  else if (event.key === "k") turnTo(items[Math.max(at - 1, 0)], true);
  else if (verdicts[event.key]) decide(verdicts[event.key]);
  else if (/^[0-9]$/.test(event.key)) digit(event.key);
  else if (event.key === "c") toggle(-1);
  else if (event.key === "o") current.elements.note.focus();
  else if (event.key === "[") document.getElementById("before")?.click();
  else if (event.key === "]") document.getElementById("after")?.click();
  else return;
  event.preventDefault();
});

for (const [number, turn] of turns) turn.querySelector("button").addEventListener("click", () => toggle(number));
for (const form of items) {
  form.addEventListener("focusin", () => { if (form !== current) turnTo(form, false); });
  form.addEventListener("change", () => { light(); if (form.elements.verdict.value) save(form); });
  form.addEventListener("submit", (event) => { event.preventDefault(); save(form); });
}
// Someone who can only speak to the browser, or types single letters otherwise, may turn the keys off.
keys.checked = localStorage.getItem("keys") !== "off";
keys.addEventListener("change", () => localStorage.setItem("keys", keys.checked ? "on" : "off"));
turnTo(items.find((form) => !form.elements.verdict.value) ?? items[0], true);
