// Sends what is written without leaving the page, and waits for the patient. Without scripts the forms do the same.
const state = () => document.getElementById("chat");

const show = (html, sent) => {
  const page = new DOMParser().parseFromString(html, "text/html");
  const fresh = page.getElementById("chat");
  if (!fresh) { location.reload(); return; }
  document.getElementById("main").className = page.getElementById("main").className;
  state().replaceWith(fresh);
  tell();
  begin(sent);
};

const follow = async () => {
  while (["reply", "judging"].includes(state().dataset.state)) { // until the page is shown anew
    await new Promise((done) => setTimeout(done, 1000));
    try {
      const answer = await fetch(location.pathname, { credentials: "same-origin" });
      if (answer.ok) return show(await answer.text(), true);
    } catch { /* the server is away for a moment; what was sent is kept there */ }
  }
};

const send = async (form, button) => {
  const fields = new URLSearchParams(new FormData(form));
  if (button?.name) fields.set(button.name, button.value);
  form.querySelectorAll("button").forEach((one) => { one.disabled = true; });
  form.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(form.action, { method: "POST", body: fields, credentials: "same-origin" });
    show(await answer.text(), true);
  } catch {
    form.querySelectorAll("button").forEach((one) => { one.disabled = false; });
    form.removeAttribute("aria-busy");
    const told = form.querySelector(".offline");
    told.hidden = false;
  }
};

const begin = (sent) => {
  const form = document.querySelector("#say, #conclude");
  form?.addEventListener("submit", (event) => { event.preventDefault(); send(form, event.submitter); });
  const text = document.getElementById("text") ?? document.getElementById("diagnosis");
  if (sent) text?.focus({ preventScroll: true });
  // The newest words stand right above the form, which is the end of the page.
  if (document.getElementById("say")) scrollTo(0, document.documentElement.scrollHeight);
  else if (sent) scrollTo(0, 0);
  document.getElementById("text")?.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    if (event.target.value.trim()) form.requestSubmit(form.querySelector("button.main"));
  });
  document.getElementById("order")?.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing) return;
    event.preventDefault();
    if (event.target.value.trim()) form.requestSubmit(form.querySelector('button[value="order"]'));
  });
  follow();
};
begin(false);
