// A button that copies the address in a field. Without this script the field can be copied by hand.
for (const button of document.querySelectorAll("[data-copy]")) {
  if (navigator.clipboard) {
    const field = document.getElementById(button.dataset.copy);
    button.hidden = false;
    field.addEventListener("focus", () => field.select());
    button.addEventListener("click", async () => {
      field.select();
      await navigator.clipboard.writeText(field.value);
      button.textContent = button.dataset.done;
    });
  }
}
