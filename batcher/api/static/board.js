// Keeps the board fresh, and says so when it cannot: old figures must not pass for new ones.
const EVERY_MS = 5000;
const LATEST_MS = 15000;
let heardAt = new Date();

async function refresh() {
  const lost = document.getElementById("lost");
  try {
    const answer = await fetch("/", { signal: AbortSignal.timeout(LATEST_MS) });
    if (!answer.ok) throw new Error(`status ${answer.status}`);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    document.querySelector("main").replaceWith(page.querySelector("main"));
    document.title = page.title;
    heardAt = new Date();
    lost.hidden = true;
  } catch {
    lost.textContent = `No answer from batcher since ${heardAt.toLocaleTimeString()}: what is shown is old.`;
    lost.hidden = false;
  }
  setTimeout(refresh, EVERY_MS);
}

setTimeout(refresh, EVERY_MS);
