// Keeps a view fresh by server-sent events, counts time down in between, and says so when nothing is heard:
// old figures must not pass for new ones.
const page = document.body.dataset;
const SILENT_MS = 25000;

// The floor's time, which may run faster than ours.
const floorTime = {
  speed: Number(page.speed || 1),
  anchor: Date.parse(page.now || new Date().toISOString()),
  seen: performance.now(),
  now() { return this.anchor + (performance.now() - this.seen) * this.speed; },
  set(iso) { this.anchor = Date.parse(iso); this.seen = performance.now(); },
};

function span(ms) {
  const seconds = Math.floor(Math.abs(ms) / 1000), minutes = Math.floor(seconds / 60), hours = Math.floor(minutes / 60);
  if (hours >= 24) return `${Math.floor(hours / 24)} d ${hours % 24} h`;
  if (hours) return `${hours} h ${minutes % 60} min`;
  return minutes ? `${minutes} min` : `${seconds} s`;
}

function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function tick() {
  const now = floorTime.now();
  for (const element of document.querySelectorAll("time[data-left]")) {
    const left = Date.parse(element.dateTime) - now;
    write(element, left >= 0 ? span(left) : `${span(left)} over`);
    element.classList.toggle("over", left < 0);
  }
  for (const element of document.querySelectorAll("time[data-ago]")) write(element, span(now - Date.parse(element.dateTime)));
  for (const bar of document.querySelectorAll("progress[data-to]")) {
    const from = Date.parse(bar.dataset.from), to = Date.parse(bar.dataset.to);
    bar.value = to > from ? Math.min(1, Math.max(0, (now - from) / (to - from))) : 1;
  }
  takeTurns();
  const zone = page.zone ? { timeZone: page.zone } : {};
  const wall = new Date(now).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit", ...zone });
  for (const element of document.querySelectorAll("time[data-clock]")) write(element, wall);
  for (const line of document.querySelectorAll("svg[data-start] .now-line")) {
    const { start, end } = line.ownerSVGElement.dataset;
    const share = (now - Date.parse(start)) / (Date.parse(end) - Date.parse(start));
    line.setAttribute("x1", `${share * 100}%`);
    line.setAttribute("x2", `${share * 100}%`);
  }
}

// Stations that do not fit on a wall come by turns, on every wall at the same time; the space bar holds the turn.
const TURN_MS = 10000;
let heldAt = null;
function takeTurns() {
  const stations = document.querySelector("[data-turns]");
  if (!stations) return;
  const turns = Number(stations.dataset.turns), turn = Math.floor((heldAt ?? Date.now()) / TURN_MS) % turns;
  for (const card of stations.querySelectorAll("[data-turn]")) card.hidden = Number(card.dataset.turn) !== turn;
  const told = document.getElementById("wall-turn");
  told.hidden = turns < 2;
  write(told, `${turn + 1} of ${turns}${heldAt === null ? "" : ", held"}`);
}

function morph(element, html) {
  Idiomorph.morph(element, html, { morphStyle: "outerHTML" });
}

async function reloadMain() {
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
  if (!answer.ok) return location.reload();
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  morph(document.getElementById("main"), fresh.getElementById("main").outerHTML);
  return tick();
}

function look(message) {
  const told = JSON.parse(message.data);
  floorTime.set(told.now);
  heard();
  if (told.ids.some((id) => !document.getElementById(id)) || gone(told.ids)) return reloadMain();
  for (const [id, html] of Object.entries(told.parts)) morph(document.getElementById(id), html);
  return tick();
}

// Parts that came before and are no more, such as a station that the rules have no longer.
let known = null;
function gone(ids) {
  const before = known;
  known = ids.join(" ");
  return before !== null && before !== known;
}

let silence, heardAt = new Date();
function heard() {
  heardAt = new Date();
  document.getElementById("lost").hidden = true;
  clearTimeout(silence);
  silence = setTimeout(lost, SILENT_MS);
}

function lost(why = "No answer from batcher") {
  const told = document.getElementById("lost");
  told.textContent = `${why} since ${heardAt.toLocaleTimeString("en-GB")}: what is shown is old.`;
  told.hidden = false;
  clearTimeout(silence);
  silence = setTimeout(lost, SILENT_MS);
}

let stream;
function listen() {
  const url = new URL(page.live, location.href);
  url.searchParams.set("look", page.look);
  stream = new EventSource(url);
  stream.addEventListener("look", (message) => { page.look = message.lastEventId; look(message); });
  stream.addEventListener("trouble", (message) => lost(JSON.parse(message.data).told));
  stream.onerror = () => {
    lost();
    // a refusal ends an EventSource for good; a daemon that starts again does not
    if (stream.readyState === EventSource.CLOSED) setTimeout(listen, 5000);
  };
}

function switchTheme() {
  const root = document.documentElement;
  const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
  localStorage.setItem("theme", root.dataset.theme);
}

const theme = document.getElementById("theme");
if (theme) {
  theme.hidden = false;
  theme.addEventListener("click", switchTheme);
}
if (page.now) {
  tick();
  setInterval(tick, 1000);
}
if (page.live) {
  listen();
  addEventListener("pagehide", () => stream.close());
  addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
}

// Keys that follow a link of the page, such as + and - to zoom.
addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.target.closest("input, textarea, select")) return;
  if (event.key === " " && document.querySelector("[data-turns]")) {
    heldAt = heldAt === null ? Date.now() : null;
    takeTurns();
    return event.preventDefault();
  }
  document.querySelector(`[data-key="${CSS.escape(event.key)}"]`)?.click();
});

// On the timeline: the wheel with Ctrl (a pinch on a touchpad) zooms, and moves along with Shift, or sideways.
const lanes = document.querySelector(".timeline");
let wheeled = 0;
lanes?.addEventListener("wheel", (event) => {
  const along = event.shiftKey ? event.deltaY : event.deltaX;
  if (!event.ctrlKey && Math.abs(along) <= (event.shiftKey ? 0 : Math.abs(event.deltaY))) return;
  event.preventDefault();
  const key = event.ctrlKey ? (event.deltaY < 0 ? "+" : "-") : along < 0 ? "ArrowLeft" : "ArrowRight";
  wheeled += Math.abs(event.ctrlKey ? event.deltaY : along);
  if (wheeled < 60) return; // a touchpad tells many small turns
  const link = document.querySelector(`[data-key="${CSS.escape(key)}"]`);
  wheeled = link ? -Infinity : 0; // once is enough: another page comes
  link?.click();
}, { passive: false });
