// Takes the moving part of the page from the server again while a run goes on.
const again = async () => {
  const part = document.getElementById("live");
  const seconds = Number(part?.dataset.live);
  if (!seconds) return;
  await new Promise((done) => setTimeout(done, seconds * 1000));
  if (!document.hidden) {
    try {
      const answer = await fetch(location.href, { credentials: "same-origin" });
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("live");
      if (answer.ok && fresh) {
        const opened = [...part.querySelectorAll("details")].map((one) => one.open);
        const focused = part.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
        fresh.querySelectorAll("details").forEach((one, at) => { if (at < opened.length) one.open = opened[at]; });
        part.replaceWith(fresh);
        if (focused) fresh.querySelector(`a[href="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
      }
    } catch { /* the server is away for a moment; the next round asks again */ }
  }
  again();
};
again();
