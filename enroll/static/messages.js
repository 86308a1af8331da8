// Placeholders at the press of a button, and progress without reloading. Without this script the
// placeholders are typed, and "Look again" shows how far it is.
for (const button of document.querySelectorAll("[data-insert]")) {
  const field = document.getElementById(button.dataset.into);
  button.hidden = false;
  button.parentElement.classList.add("can-insert");
  button.addEventListener("click", () => {
    field.setRangeText(button.dataset.insert, field.selectionStart, field.selectionEnd, "end");
    field.focus();
  });
}

const look = async () => {
  const shown = document.getElementById("progress");
  if (!shown || !("live" in shown.dataset)) return;
  // Whoever is about to press a button in it is left alone.
  if (!document.hidden && !document.activeElement.closest?.("#progress, #told")) {
    const answer = await fetch(location.href).catch(() => null);
    if (answer?.ok) {
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      for (const id of ["progress", "told"]) {
        const fresh = page.getElementById(id);
        if (fresh) document.getElementById(id).replaceWith(fresh);
      }
    }
  }
  setTimeout(look, 3000);
};
setTimeout(look, 3000);
