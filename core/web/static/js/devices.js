// Camera, microphone, loudspeaker, speed, way through the network: what is there, and what is wrong in one word.
export const show = (root, check, outcome) => {
  for (const item of root.querySelectorAll(`[data-check="${check}"]`)) {
    item.dataset.is = outcome;
    for (const line of item.querySelectorAll("[data-when]")) line.hidden = line.dataset.when !== outcome;
  }
};

export function browser() {
  if (!isSecureContext) return "insecure";
  return window.RTCPeerConnection && navigator.mediaDevices?.getUserMedia && window.WebSocket ? "ok" : "old";
}

const wrong = (error) => ({ NotAllowedError: "denied", SecurityError: "denied", NotReadableError: "busy", AbortError: "busy" })[error.name] ?? "missing";

async function open(wanted) {
  try {
    return [await navigator.mediaDevices.getUserMedia(wanted), "ok"];
  } catch (error) {
    return [null, wrong(error)];
  }
}

const CAMERA = { width: { ideal: 960 }, height: { ideal: 540 }, facingMode: "user" };
const MICROPHONE = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };

// What there is of picture and sound: {stream, camera, microphone}. One that is missing does not take the other away.
export async function media() {
  const both = await open({ video: CAMERA, audio: MICROPHONE });
  if (both[0]) return { stream: both[0], camera: "ok", microphone: "ok" };
  const [picture, camera] = await open({ video: CAMERA });
  const [sound, microphone] = await open({ audio: MICROPHONE });
  const tracks = [...(picture?.getTracks() ?? []), ...(sound?.getTracks() ?? [])];
  return { stream: new MediaStream(tracks), camera, microphone };
}

export async function camera() {
  const [stream] = await open({ video: CAMERA });
  return stream?.getVideoTracks()[0] ?? null;
}

// Calls `told(loudness 0..1)` a few times a second; returns how to stop.
export function level(stream, told) {
  const Context = window.AudioContext ?? window.webkitAudioContext;
  if (!Context || !stream.getAudioTracks().length) return () => {};
  const context = new Context();
  const analyser = context.createAnalyser();
  analyser.fftSize = 512;
  context.createMediaStreamSource(new MediaStream(stream.getAudioTracks())).connect(analyser);
  const values = new Float32Array(analyser.fftSize);
  const timer = setInterval(() => {
    analyser.getFloatTimeDomainData(values);
    const energy = Math.sqrt(values.reduce((sum, v) => sum + v * v, 0) / values.length);
    told(Math.min(1, energy * 4));
  }, 150);
  return () => { clearInterval(timer); if (context.state !== "closed") context.close(); };
}

export function tone() {
  const Context = window.AudioContext ?? window.webkitAudioContext;
  const context = new Context();
  const voice = context.createOscillator();
  const loudness = context.createGain();
  loudness.gain.setValueAtTime(0.0001, context.currentTime);
  loudness.gain.exponentialRampToValueAtTime(0.2, context.currentTime + 0.1);
  loudness.gain.exponentialRampToValueAtTime(0.0001, context.currentTime + 1.4);
  voice.frequency.setValueAtTime(440, context.currentTime);
  voice.frequency.setValueAtTime(554, context.currentTime + 0.5);
  voice.connect(loudness).connect(context.destination);
  voice.start();
  voice.stop(context.currentTime + 1.5);
  voice.addEventListener("ended", () => context.close());
}

const kbps = (bytes, ms) => Math.round((bytes * 8) / Math.max(ms, 1));

async function timed(work) {
  const begun = performance.now();
  const bytes = await work();
  return [bytes, performance.now() - begun];
}

// {down, up} in kbit/s. A small sample first, a larger one where that was over too soon to say anything.
export async function speed(address, csrf) {
  const fetched = async (kilobytes) => timed(async () => {
    const answer = await fetch(`${address}/check/sample/${kilobytes}`, { cache: "no-store" });
    if (!answer.ok) throw new Error(String(answer.status));
    return (await answer.arrayBuffer()).byteLength;
  });
  const sent = async (kilobytes) => timed(async () => {
    const body = new Uint8Array(kilobytes * 1024);
    for (let at = 0; at < body.length; at += 65536) crypto.getRandomValues(body.subarray(at, at + 65536));
    const answer = await fetch(`${address}/check/sample`, {
      method: "POST", body, headers: { "X-CSRF-Token": csrf, "Content-Type": "application/octet-stream", Accept: "application/json" },
    });
    if (!answer.ok) throw new Error(String(answer.status));
    return body.length;
  });
  const measure = async (once, small, large) => {
    let [bytes, ms] = await once(small);
    if (ms < 600) [bytes, ms] = await once(large);
    return kbps(bytes, ms);
  };
  return { down: await measure(fetched, 256, 2048), up: await measure(sent, 64, 512) };
}

// "ok": the relay answers; "direct": there is no relay, and direct ways open; "blocked": nothing gets out.
export async function network(servers) {
  const found = new Set();
  const peer = new RTCPeerConnection({ iceServers: servers.iceServers, iceTransportPolicy: servers.iceTransportPolicy });
  try {
    peer.createDataChannel("check");
    await new Promise((done) => {
      const timer = setTimeout(done, 8000);
      const end = () => { clearTimeout(timer); done(); };
      peer.addEventListener("icecandidate", ({ candidate }) => {
        if (!candidate) return end();
        if (candidate.type) found.add(candidate.type);
        if (found.has("relay")) end();
      });
      peer.createOffer().then((offer) => peer.setLocalDescription(offer)).catch(end);
    });
  } finally {
    peer.close();
  }
  if (servers.relay) return found.has("relay") ? "ok" : "blocked";
  return found.size ? "direct" : "blocked";
}

// What is offered instead of video, said louder where the device cannot do it.
export const offerInstead = (root, works) => {
  for (const box of root.querySelectorAll("[data-instead]")) {
    box.querySelector("[data-instead-failed]").hidden = works;
    box.querySelector("button").classList.toggle("btn-primary", !works);
    box.querySelector("button").classList.toggle("btn-secondary", works);
  }
};
