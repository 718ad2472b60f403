// One call between two browsers: perfect negotiation, reconnection after a drop. Nothing is recorded, here or anywhere.
const FRESH = 2000;
const PATIENCE = 4000;

export class Call extends EventTarget {
  // `polite` gives way when both offer at once. `send(signal)` passes a signal on; `servers()` fetches STUN and TURN anew.
  constructor({ polite, send, servers, stream }) {
    super();
    this.polite = polite;
    this.page = btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(12)))).replaceAll("+", "-").replaceAll("/", "_");
    this.peer = null;
    this.pc = null;
    this.stream = stream;
    this.remote = new MediaStream();
    this.over = false;
    this.transmit = (signal) => send({ ...signal, from: this.page });
    this.servers = servers;
    this.line = Promise.resolve();
    this.flowing = new Set();
    this.timer = setInterval(() => this.#watch(), FRESH);
  }

  // Say that this page is here; the other answers, and both begin.
  ready() { if (!this.over) this.transmit({ kind: "ready" }); }

  // Signals are taken one after the other: an offer never overtakes the connection that it is for.
  signal(signal) {
    this.line = this.line.then(() => this.#take(signal)).catch((error) => this.#say("trouble", error));
    return this.line;
  }

  async #take(signal) {
    if (this.over || (signal.to && signal.to !== this.page)) return;
    if (signal.kind === "ready") return this.#ready(signal);
    if (signal.from !== this.peer || !this.pc) return;
    if (signal.kind === "description") return this.#description(signal.data);
    try {
      await this.pc.addIceCandidate(signal.data ?? undefined);
    } catch (error) {
      if (!this.ignoring) throw error;
    }
  }

  async #ready(signal) {
    const known = signal.from === this.peer;
    this.peer = signal.from;
    // An answer carries `to`; only the first word is answered.
    if (!signal.to) this.transmit({ kind: "ready", to: this.peer });
    if (!known || !this.pc) return this.#open();
    if (this.pc.connectionState === "connected") return;
    if (this.pc.signalingState === "have-local-offer") return this.#describe();
    // A second word while both are still at it is no reason to begin anew.
    if (!this.polite && Date.now() - this.since > PATIENCE) await this.#again();
  }

  async #open() {
    this.#drop();
    const servers = await this.#found();
    if (this.over) return;
    const pc = new RTCPeerConnection(servers);
    this.pc = pc;
    this.since = Date.now();
    this.offering = false;
    this.ignoring = false;
    this.remote = new MediaStream();
    this.#say("remote", this.remote);
    pc.addEventListener("track", ({ track }) => {
      this.remote.addTrack(track);
      track.addEventListener("unmute", () => this.#say("remote", this.remote));
    });
    pc.addEventListener("icecandidate", ({ candidate }) => {
      this.transmit({ kind: "candidate", to: this.peer, data: candidate ? candidate.toJSON() : null });
    });
    pc.addEventListener("negotiationneeded", () => this.#offer(pc));
    pc.addEventListener("connectionstatechange", () => this.#changed(pc));
    this.#say("state", "connecting");
    // The other's offer brings the places of the polite one.
    if (this.polite) return;
    for (const kind of ["audio", "video"]) {
      const track = this.stream.getTracks().find((t) => t.kind === kind);
      pc.addTransceiver(track ?? kind, { direction: "sendrecv" });
    }
  }

  // A question that fails once is asked again; without an answer direct ways are still worth a try.
  async #found() {
    for (const pause of [500, 1500, 0]) {
      try {
        return await this.servers();
      } catch {
        if (pause) await new Promise((done) => setTimeout(done, pause));
      }
    }
    return {};
  }

  async #offer(pc) {
    if (pc !== this.pc) return;
    // The polite one lets the other begin: two offers at once would only be sorted out again.
    if (this.polite && !pc.remoteDescription) return;
    try {
      this.offering = true;
      await pc.setLocalDescription();
      this.#describe();
    } catch (error) {
      this.#say("trouble", error);
    } finally {
      this.offering = false;
    }
  }

  #describe() {
    const { type, sdp } = this.pc.localDescription;
    this.transmit({ kind: "description", to: this.peer, data: { type, sdp } });
  }

  async #description(description) {
    const pc = this.pc;
    const collision = description.type === "offer" && (this.offering || pc.signalingState !== "stable");
    this.ignoring = !this.polite && collision;
    if (this.ignoring) return;
    await pc.setRemoteDescription(description);
    if (description.type !== "offer") return;
    await this.#fill(pc);
    await pc.setLocalDescription();
    if (pc === this.pc) this.#describe();
  }

  async #fill(pc) {
    for (const place of pc.getTransceivers()) {
      if (!place.mid || place.stopped) continue;
      const kind = place.receiver.track.kind;
      const track = this.stream.getTracks().find((t) => t.kind === kind) ?? null;
      if (place.sender.track !== track) await place.sender.replaceTrack(track);
      if (place.direction !== "sendrecv") place.direction = "sendrecv";
    }
  }

  #changed(pc) {
    if (pc !== this.pc) return;
    const state = pc.connectionState;
    if (state === "connected") {
      clearTimeout(this.waiting);
      this.#say("state", "connected");
    } else if (state === "failed") {
      this.#say("state", "lost");
      this.#again();
    } else if (state === "disconnected") {
      this.#say("state", "lost");
      clearTimeout(this.waiting);
      this.waiting = setTimeout(() => this.#again(), this.polite ? PATIENCE * 2 : PATIENCE);
    }
  }

  // Another way through the network: new servers' passwords, new candidates, the same call.
  async #again() {
    const pc = this.pc;
    if (!pc || this.over || pc.connectionState === "connected" || pc.connectionState === "closed") return;
    try {
      pc.setConfiguration(await this.servers());
    } catch { /* the old passwords may still do */ }
    if (pc === this.pc) pc.restartIce();
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => { if (pc === this.pc) this.ready(); }, PATIENCE * 2);
  }

  async put(kind, track) {
    const old = this.stream.getTracks().find((t) => t.kind === kind);
    if (old && old !== track) {
      this.stream.removeTrack(old);
      old.stop();
    }
    if (track && old !== track) this.stream.addTrack(track);
    const place = this.pc?.getTransceivers().find((t) => t.receiver.track.kind === kind && !t.stopped);
    await place?.sender.replaceTrack(track);
  }

  // What really arrives, and whether much of it is lost on the way.
  async #watch() {
    const pc = this.pc;
    if (!pc || pc.connectionState !== "connected") return;
    let lost = 0;
    let got = 0;
    for (const report of (await pc.getStats()).values()) {
      if (report.type !== "inbound-rtp") continue;
      lost += report.packetsLost ?? 0;
      got += report.packetsReceived ?? 0;
      const flows = report.kind === "video" ? report.framesDecoded > 0 : report.packetsReceived > 10;
      if (flows && !this.flowing.has(report.kind)) {
        this.flowing.add(report.kind);
        this.#say("flowing", report.kind);
      }
    }
    const before = this.counted ?? { lost, got };
    this.counted = { lost, got };
    const all = lost - before.lost + got - before.got;
    this.#say("weak", all > 20 && (lost - before.lost) / all > 0.08);
  }

  #say(type, detail) { this.dispatchEvent(new CustomEvent(type, { detail })); }

  #drop() {
    clearTimeout(this.waiting);
    this.pc?.close();
    this.pc = null;
    this.counted = undefined;
  }

  // The other has gone: what is there of the connection is of no use, a new page of theirs begins anew.
  close() {
    this.over = true;
    clearInterval(this.timer);
    this.#drop();
  }
}
