// The room: keeps the page as the server says it is, and the call as long as there is one.
import { Call } from "./call.js";
import * as devices from "./devices.js";
import { Live } from "./live.js";

const room = document.getElementById("room");
const all = (selector, root = room) => [...root.querySelectorAll(selector)];
const one = (selector) => room.querySelector(selector);
const address = room.dataset.address;
const csrf = room.dataset.csrf;
const topics = room.dataset.topics.split(" ");
const SOON = 5000;
const NOW_AND_THEN = 60000;

let state = JSON.parse(room.dataset.state);
let drift = Date.parse(state.now) - Date.now();
let stream = new MediaStream();
let call = null;
let stopLevel = () => {};
let prepared = false;
let hasCamera = false;
let talking = false;
let here = {};

// -- what the server says

async function ask(path, options = {}) {
  const answer = await fetch(path, { ...options, headers: { Accept: "application/json", "X-CSRF-Token": csrf, ...options.headers } });
  if (!answer.ok) throw new Error(String(answer.status));
  return answer.json();
}

let asked = 0;
async function refresh() {
  const mine = ++asked;
  try {
    const found = await ask(`${address}/state`, { cache: "no-store" });
    if (mine === asked) take(found);
  } catch { /* the next look is soon */ }
}

function take(found) {
  const before = state;
  state = found;
  drift = Date.parse(state.now) - Date.now();
  // A provider of a plugin has an address of its own, which the page's policy must know: the page is loaded anew.
  if (room.dataset.ownCalls === "no" && before.state !== state.state && state.state === "in_call") return location.reload();
  render();
  follow();
}

function render() {
  for (const part of all("[data-show]")) part.hidden = part.dataset.show !== state.state;
  for (const part of all("[data-media]")) part.hidden = !part.dataset.media.split(" ").includes(state.media);
  for (const form of all("[data-way]")) form.hidden = !state.ways.includes(form.dataset.way);
  for (const part of all("[data-can-start]")) part.hidden = !state.can_start;
  for (const part of all("[data-opens]")) part.hidden = Date.parse(state.opens_at) <= Date.now() + drift;
  for (const part of all("[data-presence]")) {
    const known = part.dataset.presence === "patient" ? state.patient_online : state.professional_available;
    part.dataset.is = known === null ? "unknown" : known ? "yes" : "no";
  }
  const reasons = all("[data-reason]");
  const shown = reasons.find((r) => r.dataset.reason === state.end_reason) ?? reasons.find((r) => r.dataset.reason === "");
  for (const reason of reasons) reason.hidden = reason !== shown;
  for (const part of all("[data-reason-not]")) part.hidden = part.dataset.reasonNot === state.end_reason;
  const phone = one("[data-phone]");
  if (phone && state.phone) {
    phone.href = `tel:${state.phone}`;
    phone.textContent = state.phone;
  }
  note();
  tick();
}

// -- devices

async function prepare() {
  const able = devices.browser();
  devices.show(room, "browser", able);
  if (able !== "ok") {
    devices.show(room, "camera", "missing");
    devices.show(room, "microphone", "missing");
    devices.offerInstead(room, false);
    return;
  }
  const found = await devices.media();
  stream = found.stream;
  hasCamera = found.camera === "ok";
  devices.show(room, "camera", found.camera);
  devices.show(room, "microphone", found.microphone);
  devices.offerInstead(room, found.camera === "ok" && found.microphone === "ok");
  self();
  const meter = one("[data-level]");
  if (meter && state.state === "waiting") {
    meter.hidden = found.microphone !== "ok";
    stopLevel = devices.level(stream, (loudness) => { meter.value = loudness; });
  }
}

function self() {
  for (const video of all("[data-self]")) {
    if (video.srcObject !== stream) video.srcObject = stream;
    video.hidden = !stream.getVideoTracks().length;
  }
}

// -- the call

const wanted = () => room.dataset.ownCalls === "yes" && state.state === "in_call" && ["video", "audio"].includes(state.media);

async function follow() {
  if (!wanted()) {
    if (call) hangUp();
    if (state.state === "ended") live.stop();
    return;
  }
  // Who presses quickly still goes in with what the browser is just being asked for.
  if (!prepared) return;
  stopLevel();
  if (!call) begin();
  if (state.media === "audio" && stream.getVideoTracks().length) {
    await call.put("video", null);
    self();
  } else if (state.media === "video" && hasCamera && !stream.getVideoTracks().length && !cameraOff) {
    const track = await devices.camera();
    if (track) await call?.put("video", track);
    self();
  }
}

function begin() {
  call = new Call({
    polite: state.role === "patient",
    stream,
    send: (signal) => live.send({ type: "signal", topic: topics[0], ...signal }),
    servers: async () => {
      const { iceServers, iceTransportPolicy } = await ask(`${address}/ice`, { method: "POST" });
      return { iceServers, iceTransportPolicy };
    },
  });
  call.addEventListener("remote", ({ detail }) => play(detail));
  call.addEventListener("state", ({ detail }) => { talking = detail === "connected"; phase = detail; note(); });
  call.addEventListener("flowing", ({ detail }) => {
    const body = new URLSearchParams({ media: detail });
    ask(`${address}/flowing`, { method: "POST", body }).catch(() => {});
    note();
  });
  call.addEventListener("weak", ({ detail }) => { const box = one("[data-weak]"); if (box) box.hidden = !detail; });
  call.ready();
}

function hangUp() {
  call.close();
  call = null;
  talking = false;
  const other = one("[data-other]");
  if (other) other.srcObject = null;
  if (state.state === "ended" || ["phone", "message"].includes(state.media)) {
    for (const track of stream.getTracks()) track.stop();
    stream = new MediaStream();
    self();
  }
}

function play(remote) {
  const other = one("[data-other]");
  if (!other) return;
  if (other.srcObject !== remote) other.srcObject = remote;
  other.play().then(() => muted(false)).catch((error) => { if (error.name === "NotAllowedError") muted(true); });
}

const muted = (yes) => { const box = one("[data-muted-start]"); if (box) box.hidden = !yes; };

let phase = "connecting";
function note() {
  const other = state.role === "patient" ? "professional" : "patient";
  let what = "";
  if (talking) what = state.media === "audio" ? "sound" : "";
  else if (here[other] === false) what = "absent";
  else what = phase === "lost" ? "lost" : "connecting";
  for (const line of all("[data-call-when]")) line.hidden = line.dataset.callWhen !== what;
  one("[data-stage]")?.classList.toggle("is-sound", state.media === "audio");
}

// -- time

let warned = false;
let looked = 0;
function tick() {
  const box = one("[data-left]");
  const now = Date.now() + drift;
  if (state.state === "waiting" && state.role === "professional" && !state.can_start && now >= Date.parse(state.opens_at)) soonAgain();
  if (!box || state.state !== "in_call" || !state.ends_at) return;
  const left = Math.max(0, Math.round((Date.parse(state.ends_at) - now) / 1000));
  box.textContent = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
  const soon = now >= Date.parse(state.warns_at);
  one("[data-left-box]").classList.toggle("is-short", soon);
  one("[data-warned]").hidden = !soon;
  if (soon && !warned) {
    warned = true;
    one("[data-left-said]").textContent = one("[data-warned] .alert-title").textContent;
  }
  // The server ends it; a page that heard nothing looks for itself.
  if (left === 0) soonAgain();
}

function soonAgain() {
  if (Date.now() - looked < SOON) return;
  looked = Date.now();
  refresh();
}
setInterval(tick, 1000);

// -- messages and documents beside

const side = one("[data-side]");
const refreshUrl = one(".room-side").dataset.refreshUrl;
async function refreshSide() {
  if (!refreshUrl) return;
  const answer = await fetch(refreshUrl, { headers: { Accept: "text/html" }, cache: "no-store" }).catch(() => null);
  if (!answer?.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  // What is being written stays: fields that have something in them keep it, and the focus.
  const focused = document.activeElement?.name;
  const typed = new Map(all("textarea[name], input[type=text][name]", side).map((f) => [f.name, f.value]));
  side.replaceChildren(...page.body.childNodes);
  for (const field of all("textarea[name], input[type=text][name]", side)) if (typed.get(field.name)) field.value = typed.get(field.name);
  if (focused) side.querySelector(`[name="${CSS.escape(focused)}"]`)?.focus();
}

async function sendSide(form, submitter) {
  const body = new FormData(form, submitter ?? undefined);
  const answer = await fetch(form.action, { method: "POST", body, headers: { Accept: "text/html" } }).catch(() => null);
  one("[data-side-failed]").hidden = Boolean(answer?.ok);
  if (!answer?.ok) return;
  form.reset();
  await refreshSide();
}

// -- what people press

room.addEventListener("submit", (event) => {
  const form = event.target;
  if (side.contains(form) && refreshUrl) {
    event.preventDefault();
    event.stopPropagation();
    sendSide(form, event.submitter);
  } else if (form.matches("[data-act]")) {
    event.preventDefault();
    event.stopPropagation();
    ask(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)) }).then(take, () => form.submit());
  }
}, { capture: true });

const toggle = (button, off) => {
  button.setAttribute("aria-pressed", String(off));
  button.querySelector("[data-on]").hidden = off;
  button.querySelector("[data-off]").hidden = !off;
};

one("[data-mic]")?.addEventListener("click", ({ currentTarget }) => {
  const off = currentTarget.getAttribute("aria-pressed") !== "true";
  for (const track of stream.getAudioTracks()) track.enabled = !off;
  toggle(currentTarget, off);
});

let cameraOff = false;
one("[data-camera]")?.addEventListener("click", async ({ currentTarget }) => {
  cameraOff = !cameraOff;
  toggle(currentTarget, cameraOff);
  // The camera itself is switched off, its light too.
  await call?.put("video", cameraOff ? null : await devices.camera());
  self();
});

one("[data-hear]")?.addEventListener("click", () => { muted(false); one("[data-other]")?.play().catch(() => muted(true)); });

// -- the live channel

const net = (which) => { for (const line of all("[data-net-when]")) line.hidden = line.dataset.netWhen !== which; };
const live = new Live(topics, csrf);

live.addEventListener("up", ({ detail }) => {
  net("");
  here = detail.topics[topics[0]]?.here ?? {};
  refresh();
  refreshSide();
  call?.ready();
  note();
});
live.addEventListener("down", () => net("down"));
live.addEventListener("taken", () => { net("taken"); if (call) hangUp(); for (const t of stream.getTracks()) t.stop(); });
live.addEventListener("refused", () => { net("refused"); refresh(); });
live.addEventListener("message", ({ detail }) => {
  if (detail.type === "signal") return call?.signal(detail.signal);
  if (detail.type === "taken_over") {
    live.stop();
    return live.dispatchEvent(new CustomEvent("taken"));
  }
  if (detail.type === "not_now") {
    setTimeout(() => call?.ready(), 400);
    return undefined;
  }
  if (detail.type === "presence") {
    here = detail.here;
    note();
  }
  if (detail.type === "notice" && detail.topic !== topics[0]) return refreshSide();
  if (detail.type === "notice" && detail.what === "message_arrived") return refreshSide();
  return refresh();
});

setInterval(() => { if (!live.up) refresh(); }, SOON);
setInterval(refresh, NOW_AND_THEN);

render();
live.start();
prepare().finally(() => {
  prepared = true;
  follow();
});
