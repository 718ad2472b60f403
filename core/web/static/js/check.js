// The check before a call: one thing after the other, each with its advice.
import * as devices from "./devices.js";

const page = document.getElementById("check");
const { address, csrf } = page.dataset;
const one = (selector) => page.querySelector(selector);

async function hardware() {
  const able = devices.browser();
  devices.show(page, "browser", able);
  if (able !== "ok") {
    for (const check of ["camera", "microphone"]) devices.show(page, check, "missing");
    devices.offerInstead(page, false);
    return;
  }
  const { stream, camera, microphone } = await devices.media();
  devices.show(page, "camera", camera);
  devices.show(page, "microphone", microphone);
  devices.offerInstead(page, camera === "ok" && microphone === "ok");
  const video = one("[data-self]");
  video.srcObject = stream;
  video.hidden = camera !== "ok";
  if (microphone !== "ok") return;
  const meter = one("[data-level]");
  meter.hidden = false;
  let heard = false;
  devices.level(stream, (loudness) => {
    meter.value = loudness;
    if (loudness > 0.02 && !heard) {
      heard = true;
      devices.show(page, "microphone", "ok");
    }
  });
  setTimeout(() => { if (!heard) devices.show(page, "microphone", "silent"); }, 6000);
}

async function speed() {
  try {
    const { down, up } = await devices.speed(address, csrf);
    one("[data-down-measured]").textContent = down;
    one("[data-up-measured]").textContent = up;
    one("[data-figures]").hidden = false;
    devices.show(page, "speed", down >= Number(page.dataset.down) && up >= Number(page.dataset.up) ? "ok" : "slow");
  } catch {
    devices.show(page, "speed", "failed");
  }
}

async function network() {
  try {
    const answer = await fetch(`${address}/ice`, { method: "POST", headers: { "X-CSRF-Token": csrf, Accept: "application/json" } });
    devices.show(page, "network", await devices.network(await answer.json()));
  } catch {
    devices.show(page, "network", "blocked");
  }
}

one("[data-play]").addEventListener("click", () => {
  devices.tone();
  for (const button of page.querySelectorAll("[data-heard]")) button.hidden = false;
});
for (const button of page.querySelectorAll("[data-heard]")) {
  button.addEventListener("click", () => devices.show(page, "speaker", button.dataset.heard === "yes" ? "ok" : "silent"));
}

await hardware();
await speed();
await network();
