// Live preview of Markdown beside what is typed. Without this script the button Preview does it.
const token = document.querySelector("#editor [name=csrf_token]").value;

for (const part of document.querySelectorAll("[data-preview]")) {
  const text = part.querySelector("textarea");
  const shown = part.querySelector(".preview");
  let timer = 0;
  let asked = 0;

  const refresh = async () => {
    const mine = ++asked;
    const body = new URLSearchParams({ csrf_token: token, text: text.value });
    const answer = await fetch("/staff/teaching/preview", { method: "POST", body });
    if (answer.ok && mine === asked) {
      shown.innerHTML = await answer.text();
      shown.hidden = text.value.trim() === "";
    }
  };

  text.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(refresh, 400);
  });
  text.addEventListener("focus", refresh, { once: true });
}
