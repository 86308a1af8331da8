// Keys for the queue. Every one of them presses a button that is on the page anyway.
(() => {
  const items = () => [...document.querySelectorAll(".item")];
  const current = () => document.activeElement?.closest?.(".item") ?? null;
  const go = (step) => {
    const all = items();
    if (!all.length) return;
    const at = all.indexOf(current());
    const next = at < 0 ? 0 : Math.min(Math.max(at + step, 0), all.length - 1);
    all[next].focus();
    all[next].scrollIntoView({ block: "nearest" });
  };
  const press = (verb) => current()?.querySelector(`button[value^="${verb}:"]`)?.click();
  const open = (path) => {
    const item = current();
    if (item) location.assign(`/staff/comments/${item.dataset.id}${path}`);
  };
  const send = (path) => {
    const item = current();
    const form = document.getElementById("claim");
    if (!item || !form) return;
    form.action = `/staff/comments/${item.dataset.id}${path}`;
    form.submit();
  };
  const keys = {
    j: () => go(1),
    k: () => go(-1),
    a: () => press("approve"),
    s: () => press("spam"),
    r: () => {
      const details = current()?.querySelector(".turn-down");
      if (!details) return;
      details.open = true;
      details.querySelector("select, input")?.focus();
    },
    t: () => current()?.querySelector('input[name="pick"]')?.click(),
    e: () => open("#correct"),
    x: () => open("/remove"),
    q: () => send("/ask-staff"),
    u: () => document.getElementById("undo")?.requestSubmit(),
    "?": () => {
      const help = document.getElementById("keys");
      help.open = !help.open;
      if (help.open) help.querySelector("summary").focus();
    },
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.target.closest("input:not([type=checkbox]), textarea, select")) {
      if (event.key === "Escape") event.target.closest(".item")?.focus();
      return;
    }
    const act = keys[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });
  // Whoever moves through the queue with the keyboard reads it: colleagues see that.
  let claimed = false;
  document.addEventListener("focusin", (event) => {
    const form = document.getElementById("claim");
    if (claimed || !form || !event.target.closest(".item")) return;
    claimed = true;
    fetch(form.action, { method: "POST", body: new FormData(form), headers: { Accept: "application/json" } });
  });
})();
