// What the console adds where scripts run. Every page works without it.

const STALE_AFTER_MS = 12_000;
const LOOK_EVERY_MS = 1_000;
const LOOKS = 15;
const CLOCK_EVERY_MS = 5_000;

startComponents();
startLive();
startClocks();
startShortcuts();
startWaiting();

async function startComponents() {
  if (document.body.classList.contains("plain")) return;
  const { initAll } = await import("./vendor/govuk-frontend.min.js");
  initAll();
}

// --- the live board ---

function startLive() {
  const live = document.getElementById("live");
  if (!live || !document.getElementById("stream")) return;
  const status = document.getElementById("live-status");
  const pause = document.getElementById("live-pause");
  let heardAt = 0;
  let heardWords = "";
  let paused = false;

  function say(state, words) {
    if (live.dataset.state !== state || state !== "live") status.textContent = words;
    live.dataset.state = state;
  }

  document.addEventListener("hb", (event) => {
    heardAt = Date.now();
    heardWords = event.detail.data;
    if (!paused) say("live", "Live. New alerts are announced here.");
    pause.hidden = false;
  });
  document.addEventListener("htmx:sse:error", (event) => {
    if (event.detail.status === 401) location.assign("/login?next=" + encodeURIComponent(location.pathname + location.search));
  });
  document.addEventListener("htmx:sse:before:message", (event) => {
    // Paused: what is sent is not shown, and is sent again after the pause.
    if (paused && !event.detail.message.event) event.preventDefault();
  });
  pause.addEventListener("click", () => {
    paused = !paused;
    pause.textContent = paused ? "Go on" : "Pause";
    if (paused) say("paused", `Paused at ${heardWords} UTC. Nothing new is shown.`);
    else refresh();
  });
  setInterval(() => {
    if (paused || !heardAt) return;
    if (Date.now() - heardAt > STALE_AFTER_MS) say("stale", `Reconnecting. Last heard from the console at ${heardWords} UTC.`);
  }, 1000);
  document.addEventListener("click", (event) => {
    if (event.target.id === "show-news") refresh();
  });
  // After "Show" the keyboard goes on from the first row: what had the focus is no longer there.
  document.addEventListener("htmx:after:swap", (event) => {
    if (event.target.id === "board" || event.detail?.ctx?.target?.id === "board") {
      if (document.activeElement === document.body) document.querySelector(".console-ref, #tab-needs-us")?.focus({ preventScroll: true });
      say("live", "Live. New alerts are announced here.");
    }
  });
}

// --- how long there is, told anew as time goes by: in the words of casebus/console/words.py, by the server's clock ---

function startClocks() {
  const live = document.getElementById("live");
  if (!live) return;
  const ahead = Date.parse(live.dataset.now) - Date.now();
  setInterval(() => {
    const now = Date.now() + ahead;
    for (const each of document.querySelectorAll("[data-due]")) {
      const left = Date.parse(each.dataset.due) - now;
      each.textContent = left > 0 ? `${span(left)} left` : `overdue by ${span(-left)}`;
      each.classList.toggle("console-due--over", left <= 0);
    }
    for (const each of document.querySelectorAll("[data-since]")) {
      const length = span(now - Date.parse(each.dataset.since));
      each.textContent = length === "0 min" ? "less than a minute ago" : `${length} ago`;
    }
  }, CLOCK_EVERY_MS);
}

function span(ms) {
  const all = Math.max(0, Math.floor(ms / 60_000));
  const [days, hours, minutes] = [Math.floor(all / 1440), Math.floor(all / 60) % 24, all % 60];
  if (days) return hours ? `${days} d ${hours} h` : `${days} d`;
  return hours ? `${hours} h ${minutes} min` : `${minutes} min`;
}

function refresh() {
  const address = document.getElementById("news").dataset.address;
  htmx.ajax("GET", address, { target: "#board", select: "#board", swap: "outerHTML" }).catch(() => location.assign(address));
}

// --- a check before acting that was asked a moment ago: its answer is shown when it is there ---

async function startWaiting() {
  const address = document.getElementById("no-answer")?.dataset.answered;
  if (!address) return;
  for (let look = 0; look < LOOKS; look++) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    const answer = await fetch(address).catch(() => null);
    if (answer?.status === 200) return location.reload();
    if (answer && answer.status !== 204) return;
  }
}

// --- keys, unless they are switched off ---

function startShortcuts() {
  if (document.cookie.split("; ").includes("casebus-shortcuts=off")) return;
  const keys = {
    j: () => step(1),
    k: () => step(-1),
    a: () => document.getElementById("do-acknowledge")?.click() ?? actInRow(),
    m: () => document.getElementById("do-assign-me")?.click(),
    r: () => openDetails("open-resolve"),
    "/": () => document.getElementById("f-severity")?.focus(),
    b: () => location.assign("/"),
    "?": () => location.assign("/help#keys"),
  };
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest?.("input, textarea, select, [contenteditable]");
    if (typing || event.ctrlKey || event.metaKey || event.altKey || !Object.hasOwn(keys, event.key)) return;
    event.preventDefault();
    keys[event.key]();
  });
}

function step(by) {
  const references = [...document.querySelectorAll(".console-ref")];
  const row = document.activeElement?.closest?.(".console-row");
  const at = references.findIndex((each) => row?.contains(each));
  references[Math.max(0, Math.min(references.length - 1, at < 0 ? 0 : at + by))]?.focus();
}

function actInRow() {
  document.activeElement?.closest?.(".console-row")?.querySelector("button")?.click();
}

function openDetails(id) {
  const summary = document.getElementById(id);
  if (!summary) return;
  summary.closest("details").open = true;
  summary.focus();
}
