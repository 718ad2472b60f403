// input[type=file][data-recorder="id of its box"]: records a voice message in the page and puts it into the field, so
// that the plain form sends it. Without a recorder or a microphone the field stays as it is.
const TYPES = ["audio/webm;codecs=opus", "audio/ogg;codecs=opus", "audio/mp4"];
const ENDINGS = { "audio/webm": "webm", "audio/ogg": "ogg", "audio/mp4": "m4a" };
const SHORT = 10; // seconds before the end at which it is said
const BITS = 32000; // speech is clear, and ten minutes stay far below the limit of a file

const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;

function enhance(input, box) {
  const find = (name) => box.querySelector(`[data-recorder-${name}]`);
  const [start, stop, drop, time, play, live] = ["start", "stop", "drop", "time", "play", "live"].map(find);
  const words = start.querySelector("[data-words]");
  const first = words.textContent;
  const most = Number(input.dataset.maxSeconds || 180);
  const type = TYPES.find((t) => MediaRecorder.isTypeSupported(t));
  let recorder, stream, timer, begun, parts, address, sending, ending, warned, ours;

  const say = (what, values = {}) => {
    live.textContent = (live.dataset[what] || "").replace(/\{(\w+)\}/g, (_all, name) => values[name] ?? "");
  };
  const seconds = () => Math.round((performance.now() - begun) / 1000);
  const show = (state) => {
    box.dataset.state = state;
    const focused = box.contains(document.activeElement);
    start.hidden = state === "recording" || state === "asking";
    stop.hidden = state !== "recording";
    drop.hidden = play.hidden = state !== "done";
    words.textContent = state === "done" ? words.dataset.again : first;
    // The button that had the focus is gone: the one that takes its place has it now.
    if (focused && state !== "asking") (state === "recording" ? stop : start).focus();
  };
  const silence = () => {
    clearInterval(timer);
    for (const track of stream?.getTracks() ?? []) track.stop();
    stream = undefined;
  };
  const put = (files) => {
    const held = new DataTransfer();
    for (const file of files) held.items.add(file);
    input.files = held.files;
    ours = true;
    input.dispatchEvent(new Event("change", { bubbles: true }));
    ours = false;
  };
  const forget = () => {
    if (address) URL.revokeObjectURL(address);
    address = undefined;
    play.removeAttribute("src");
    time.textContent = "";
  };

  const finish = (full) => {
    if (recorder?.state !== "recording") return;
    ending = full ? "full" : "done";
    recorder.stop();
  };
  const tick = () => {
    const now = seconds();
    time.textContent = `${clock(Math.min(now, most))} / ${clock(most)}`;
    if (!warned && most > 2 * SHORT && now >= most - SHORT) {
      warned = true;
      say("short");
    }
    if (now >= most) finish(true);
  };
  const ended = () => {
    const lasted = Math.max(1, Math.min(seconds(), most));
    silence();
    const plain = (recorder.mimeType || type).split(";")[0];
    const sound = new Blob(parts, { type: plain });
    if (!sound.size) {
      show("idle");
      say("empty");
      return;
    }
    put([new File([sound], `${input.dataset.fileName || "voice"}.${ENDINGS[plain] ?? "webm"}`, { type: plain })]);
    forget();
    address = play.src = URL.createObjectURL(sound);
    time.textContent = clock(lasted);
    show("done");
    say(ending, { time: clock(lasted) });
    if (sending) {
      const send = sending;
      sending = undefined;
      input.form.requestSubmit(send.submitter);
    }
  };

  start.addEventListener("click", async () => {
    if (box.dataset.state === "asking") return;
    show("asking");
    say("asking");
    try {
      stream = await navigator.mediaDevices.getUserMedia({ audio: true });
      recorder = new MediaRecorder(stream, { mimeType: type, audioBitsPerSecond: BITS });
    } catch {
      silence();
      show(input.files.length && address ? "done" : "idle");
      say("refused");
      start.focus();
      return;
    }
    parts = [];
    warned = false;
    play.pause();
    recorder.addEventListener("dataavailable", (event) => { if (event.data.size) parts.push(event.data); });
    recorder.addEventListener("stop", ended, { once: true });
    recorder.start(1000);
    begun = performance.now();
    show("recording");
    stop.focus();
    say("recording");
    tick();
    timer = setInterval(tick, 250);
  });
  stop.addEventListener("click", () => finish(false));
  drop.addEventListener("click", () => {
    put([]);
    forget();
    show("idle");
    say("dropped");
  });
  // A file that is chosen by hand takes the place of a recording.
  input.addEventListener("change", () => {
    if (ours || !address) return;
    forget();
    show("idle");
    live.textContent = "";
  });
  // What is being recorded is sent too: the form waits until it is in the field.
  input.form?.addEventListener("submit", (event) => {
    if (recorder?.state !== "recording") return;
    event.preventDefault();
    event.stopImmediatePropagation();
    sending = { submitter: event.submitter };
    finish(false);
  }, { capture: true });
  addEventListener("pagehide", () => {
    if (recorder?.state === "recording") recorder.stop();
    silence();
  });

  if (!type) return;
  show("idle");
  box.hidden = false;
}

if (globalThis.MediaRecorder && navigator.mediaDevices?.getUserMedia && globalThis.DataTransfer) {
  for (const input of document.querySelectorAll("input[type=file][data-recorder]")) {
    const box = document.getElementById(input.dataset.recorder);
    if (box) enhance(input, box);
  }
}
