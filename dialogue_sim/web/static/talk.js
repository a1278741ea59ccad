// Shows a judged consultation as the reports do: every mark beside its turn.
const tell = () => {
  const text = at("data")?.textContent, place = at("conversation");
  if (!text || !place) return;
  take(text);
  place.replaceChildren(...conversation(data.entry, data.talk, "t"));
};
tell();
