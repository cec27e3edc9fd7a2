/* The office's pages: they work without this; with it a job's progress is followed and forms are sent once. */

const PAUSE_MS = 700;

async function follow(box) {
  const share = document.getElementById("job-share");
  const step = document.getElementById("job-step");
  for (;;) {
    await new Promise((done) => setTimeout(done, PAUSE_MS));
    let told;
    try {
      const response = await fetch(box.dataset.progress, { headers: { Accept: "application/json" }, cache: "no-store" });
      if (!response.ok) break; // the page itself says why
      told = await response.json();
    } catch (error) {
      continue; // the server is away for a moment
    }
    share.value = told.share;
    if (step.textContent !== told.step) step.textContent = told.step;
    if (told.state !== "waiting" && told.state !== "running") break;
  }
  location.reload();
}

const box = document.getElementById("job");
if (box) follow(box);

/* A second click would order the same again; coming back by the browser's history makes it possible again. */
document.addEventListener("submit", (event) => {
  if (event.defaultPrevented) return;
  for (const button of event.target.querySelectorAll("button[type=submit]")) {
    setTimeout(() => { button.disabled = true; }, 0);
  }
});
window.addEventListener("pageshow", () => {
  for (const button of document.querySelectorAll("button[disabled]")) button.disabled = false;
});
