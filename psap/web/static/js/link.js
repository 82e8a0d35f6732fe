// The connection to the server: hello, start or resume, catching up, live, blind; heartbeat, acks,
// reconnect with full jitter. Pure: sockets, time and chance come in from outside, and tick() is
// called about once a second.

const backoffFirst = 250;
const backoffMost = 10000;
const doubtAfter = 5000; // a ping without an answer for so long: what is on screen may be old
const openWithin = 8000;
const ackEvery = 1000; // at most; and at every hundredth event
const ackEach = 100;

// After these the same cursor may be used again. 1005, 1006 and the like come from the network, not
// from the server. Any other code means: stop and tell the person.
const resumable = new Set([1000, 1001, 1005, 1006, 1011, 1012, 1013, 4000, 4005, 4006, 4008, 4009, 4011]);
const startAgain = new Set([4007]);

export class Link {
  // connect(handlers) → {send(text), close(code, reason)}; now() → ms; random() → [0,1);
  // hello() → what to put into start and resume; emit(what, detail): word, ready, event, reply,
  // goaway, stopped, refused (the handshake never got through).
  constructor({ connect, now, random, hello, emit }) {
    Object.assign(this, { connect, now, random, hello, emit });
    this.word = 'connecting'; // connecting, live, catching, blind, stopped
    this.since = now();
    this.seq = 0;
    this.epoch = '';
    this.tries = 0;
    this.heartbeat = 10000;
    this.cut = 25000;
    this.socket = null;
    this.retryAt = null;
    this.was = false; // was ever live
  }

  open() {
    this.drop();
    this.retryAt = null;
    this.started = false;
    this.greeted = false;
    this.target = null;
    this.pingAt = null;
    this.openedAt = this.now();
    this.heard = this.now();
    this.acked = this.seq;
    this.ackAt = this.now();
    const socket = { dead: false };
    this.current = socket;
    const mine = (f) => (arg) => { if (this.current === socket && !socket.dead) f(arg); };
    this.socket = this.connect({ message: mine((text) => this.message(text)), close: mine((e) => this.closed(e)) });
  }

  // stop ends it for good; word says why to the page.
  stop(reason) {
    this.drop();
    this.retryAt = null;
    this.turn('stopped', reason);
  }

  drop() {
    if (this.current) this.current.dead = true;
    if (this.socket) this.socket.close(1000, '');
    this.socket = null;
    this.current = null;
  }

  send(frame) {
    if (!this.socket || !this.started || this.word === 'blind') return false;
    this.socket.send(JSON.stringify(frame));
    return true;
  }

  raw(frame) {
    if (this.socket) this.socket.send(JSON.stringify(frame));
  }

  turn(word, detail) {
    if (word !== this.word || word === 'stopped') {
      if (word !== 'blind') this.since = this.now();
      this.word = word;
      this.emit('word', { word, since: this.since, detail });
    }
  }

  // Blind counts from the last word heard, not from the moment it was noticed.
  blind() {
    if (this.word === 'live' || this.word === 'catching') this.since = this.lastHeard();
    this.turn(this.was ? 'blind' : 'connecting');
  }

  lastHeard() {
    return this.heard;
  }

  message(text) {
    this.heard = this.now();
    this.pingAt = null;
    let f;
    try {
      f = JSON.parse(text);
    } catch {
      return this.socket.close(4001, 'bad frame');
    }
    if (this.word === 'blind' && this.started) this.turn(this.target ? 'catching' : 'live');
    switch (f.op) {
      case 'hello': return this.greet(f);
      case 'ready': return this.ready(f);
      case 'resumed': return this.resumed(f);
      case 'gap': return this.emit('gap', f);
      case 'event': return this.event(f.event);
      case 'reply': return this.emit('reply', f);
      case 'ping': return this.raw({ op: 'pong', ...(f.t === undefined ? {} : { t: f.t }) });
      case 'goaway': return this.goaway(f);
      case 'error': return this.fault(f);
      default: return undefined; // pong, and what newer servers may say
    }
  }

  greet(f) {
    this.greeted = true;
    if (f.heartbeat_ms) this.heartbeat = f.heartbeat_ms;
    if (f.heartbeat_cut_ms) this.cut = f.heartbeat_cut_ms;
    this.emit('hello', f);
    const who = this.hello();
    if (!who) return;
    const resume = this.seq > 0 && this.epoch && (!f.epoch || f.epoch === this.epoch);
    if (f.epoch) this.helloEpoch = f.epoch;
    this.raw(resume ? { op: 'resume', ...who, epoch: this.epoch, seq: this.seq } : { op: 'start', ...who });
  }

  ready(f) {
    const lost = this.was;
    this.seq = f.seq;
    this.epoch = f.epoch || this.helloEpoch || this.epoch;
    this.acked = f.seq;
    this.begin();
    this.turn('live');
    this.emit('ready', { ...f, epoch: this.epoch, again: lost });
  }

  resumed(f) {
    this.begin();
    this.recovering = { from: f.from, to: f.to, events: 0, lines: 0 };
    if (f.to > this.seq) {
      this.target = f.to;
      this.turn('catching');
    } else this.caughtUp();
  }

  begin() {
    this.started = true;
    this.was = true;
    this.tries = 0;
    this.target = null;
  }

  event(e) {
    if (!e) return;
    const durable = e.seq > 0;
    if (durable && this.target && e.seq > this.seq && e.seq <= this.target) {
      this.recovering.events += 1;
      if (/\.message\.(received|queued)\./.test(e.type)) this.recovering.lines += 1;
    }
    if (durable && e.seq > this.seq) this.seq = e.seq;
    this.emit('event', e);
    if (this.target && this.seq >= this.target) this.caughtUp();
    if (durable && this.seq - this.acked >= ackEach) this.ack();
  }

  caughtUp() {
    this.target = null;
    this.turn('live');
    this.emit('recovered', this.recovering);
  }

  ack() {
    if (this.seq <= this.acked) return;
    this.acked = this.seq;
    this.ackAt = this.now();
    this.raw({ op: 'ack', seq: this.seq });
  }

  goaway(f) {
    this.soon = true;
    this.after = f.retry_after_ms || 0;
    this.emit('goaway', f);
  }

  fault(f) {
    this.lastError = f;
    if (f.retry_after_ms) this.after = f.retry_after_ms;
  }

  closed({ code }) {
    const greeted = this.greeted;
    const error = this.lastError;
    this.lastError = null;
    this.drop();
    this.blind();
    if (!greeted) this.emit('refused', { code });
    if (this.word === 'stopped') return;
    if (startAgain.has(code)) {
      this.seq = 0;
      return this.later();
    }
    if (!resumable.has(code)) return this.stop({ code, error });
    this.later();
  }

  // later plans the next try: full jitter, at once after a goaway.
  later() {
    const most = Math.min(backoffMost, backoffFirst * 2 ** this.tries);
    const wait = this.soon ? this.after || 0 : Math.max(this.after || 0, this.random() * most);
    this.soon = false;
    this.after = 0;
    this.tries += 1;
    this.retryAt = this.now() + wait;
    this.emit('wait', { ms: wait });
  }

  tick() {
    const now = this.now();
    if (this.retryAt !== null && now >= this.retryAt) return this.open();
    if (!this.socket) return undefined;
    if (!this.started) return now - this.openedAt > openWithin ? this.lost() : undefined;
    if (this.seq > this.acked && now - this.ackAt >= ackEvery) this.ack();
    if (this.pingAt === null) {
      if (now - this.heard >= this.heartbeat / 2 || now - (this.pinged || 0) >= this.heartbeat) this.ping(now);
    } else if (now - this.pingAt >= doubtAfter) {
      this.blind();
      if (now - this.heard >= this.cut || now - this.pingAt >= 2 * doubtAfter) this.lost();
    }
    return undefined;
  }

  ping(now) {
    this.pingAt = now;
    this.pinged = now;
    this.raw({ op: 'ping', t: now });
  }

  // doubt is called when the browser says that the network changed or the screen woke up.
  doubt() {
    if (this.socket && this.started && this.pingAt === null) this.ping(this.now());
    if (this.retryAt !== null) this.retryAt = this.now();
  }

  lost() {
    this.closed({ code: 1006 });
  }
}
