// What a browser with scripts adds to the public pages. Without it nothing is missing but comfort.

// A button that copies the address in a field, and one that opens the device's own way to share.
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
for (const button of document.querySelectorAll("[data-share]")) {
  if (navigator.share) {
    button.parentElement.hidden = false;
    button.addEventListener("click", () => {
      navigator.share({ title: button.dataset.title, url: button.dataset.share }).catch(() => {});
    });
  }
}

// Moments of a batch in the reader's own zone, where its clocks show another time.
const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
const clockIn = (zone, style) => new Intl.DateTimeFormat(document.documentElement.lang, { timeZone: zone, ...style });
const inWords = { weekday: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
for (const one of document.querySelectorAll("[data-mine]")) {
  const [begin, end] = one.dataset.mine.split("/").map((text) => new Date(text));
  const differs = clockIn(here, inWords).format(begin) !== clockIn(one.dataset.zone, inWords).format(begin);
  if (differs) {
    const when = clockIn(here, inWords).formatRange(begin, end);
    one.textContent = one.dataset.words.replace("{when}", when).replace("{zone}", here.replaceAll("_", " "));
    one.hidden = false;
  }
}

// Seats left, counted again while somebody looks.
for (const one of document.querySelectorAll("[data-seats]")) {
  const refresh = async () => {
    if (document.hidden) return;
    const answer = await fetch(one.dataset.seats).catch(() => null);
    if (answer?.ok) one.innerHTML = await answer.text();
  };
  setInterval(refresh, 20000);
  document.addEventListener("visibilitychange", refresh);
}

// What went wrong is said first, to who hears the page and to who walks it by keyboard.
document.getElementById("error-summary")?.focus();
