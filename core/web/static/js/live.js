// The live channel: one socket that comes back by itself. It says "look again"; what there is to see is fetched as ever.
const TAKEN = 4009;
const SLOW_DOWN = [4002, 4008];
const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 15000;
const SILENCE = 45000;

export class Live extends EventTarget {
  constructor(topics, csrf) {
    super();
    this.topics = topics;
    this.csrf = csrf;
    this.pause = FIRST_PAUSE;
    this.socket = null;
    this.up = false;
    this.over = false;
  }

  start() {
    addEventListener("online", () => this.#hurry());
    document.addEventListener("visibilitychange", () => { if (!document.hidden) this.#hurry(); });
    addEventListener("pagehide", () => this.stop());
    this.timer = setInterval(() => this.#ping(), SILENCE / 2);
    this.#connect();
  }

  stop() {
    this.over = true;
    clearInterval(this.timer);
    clearTimeout(this.waiting);
    this.socket?.close(1000);
  }

  send(message) {
    if (!this.up || this.socket?.readyState !== WebSocket.OPEN) return false;
    this.socket.send(JSON.stringify(message));
    return true;
  }

  #say(type, detail) { this.dispatchEvent(new CustomEvent(type, { detail })); }

  #ping() { this.send({ type: "ping" }); }

  #hurry() {
    if (this.over || this.socket) return;
    clearTimeout(this.waiting);
    this.#connect();
  }

  async #connect() {
    this.waiting = 0;
    if (this.connecting) return;
    this.connecting = true;
    let ticket;
    try {
      const answer = await fetch("/live/token", {
        method: "POST",
        headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRF-Token": this.csrf },
        body: JSON.stringify({ topics: this.topics }),
      });
      if ([401, 403, 404].includes(answer.status)) {
        this.over = true;
        return this.#say("refused", answer.status);
      }
      if (!answer.ok) throw new Error(String(answer.status));
      ticket = await answer.json();
    } catch {
      return this.#later();
    } finally {
      this.connecting = false;
    }
    if (this.over) return;
    const socket = new WebSocket(new URL(ticket.url, location.href.replace(/^http/, "ws")));
    this.socket = socket;
    // The ticket is the first message, never a part of the address.
    socket.addEventListener("open", () => socket.send(JSON.stringify({ type: "hello", token: ticket.token })));
    socket.addEventListener("message", (event) => this.#hear(socket, JSON.parse(event.data)));
    socket.addEventListener("close", (event) => this.#closed(socket, event.code));
  }

  #hear(socket, message) {
    if (socket !== this.socket) return;
    if (message.type === "welcome") {
      this.up = true;
      this.pause = FIRST_PAUSE;
      this.#say("up", message);
    } else {
      this.#say("message", message);
    }
  }

  #closed(socket, code) {
    if (socket !== this.socket) return;
    this.socket = null;
    this.up = false;
    if (this.over) return;
    if (code === TAKEN) {
      this.over = true;
      return this.#say("taken");
    }
    if (SLOW_DOWN.includes(code)) this.pause = LONGEST_PAUSE / 2;
    this.#say("down");
    this.#later();
  }

  #later() {
    if (this.over) return;
    // Not all at once: a process that was restarted meets its pages one after the other.
    const wait = this.pause * (0.5 + Math.random());
    this.pause = Math.min(this.pause * 2, LONGEST_PAUSE);
    this.waiting = setTimeout(() => this.#connect(), wait);
  }
}
