// Commands on their way. Each has an id of our own, so that sending it again after a break can have
// no second effect. Pure: the link and the clock come in from outside.

// How long after the key was pressed a command without an answer may still be repeated by itself,
// in milliseconds. Beyond that the world has moved on: it is given back to the person.
const repeatFor = { 'call.claim': 10000, 'message.send': 30000, 'call.close': 30000 };
const repeatDefault = 60000;
const answerWithin = 15000;

export class Commands {
  // send(frame) returns false when the link is down; onSettled(entry, reply) is told every outcome,
  // reply.ok false with code "not_confirmed" when there was none.
  constructor({ newID, now, send, onSettled }) {
    this.newID = newID;
    this.now = now;
    this.sendFrame = send;
    this.onSettled = onSettled;
    this.open = new Map();
  }

  // issue sends a command once and remembers it. id: an earlier one to be repeated with.
  issue(type, data, { id, note } = {}) {
    const entry = { id: id || this.newID(), type, data, note, at: this.now(), sent: 0 };
    this.open.set(entry.id, entry);
    this.transmit(entry);
    return entry;
  }

  transmit(entry) {
    if (this.sendFrame({ op: 'command', id: entry.id, type: entry.type, data: entry.data })) entry.sent += 1;
  }

  // reply takes the server's answer; an answer to nothing open is a repeat of one already taken.
  reply(frame) {
    const entry = this.open.get(frame.id);
    if (!entry) return null;
    this.open.delete(frame.id);
    this.onSettled(entry, frame);
    return entry;
  }

  // seen settles a command by the event it caused: the stream may be faster than the reply, and after
  // a break it is the only one that comes.
  seen(event) {
    const id = event.command && event.command.id;
    const entry = id && this.open.get(id);
    if (!entry || !event.seq) return null;
    if (entry.type === 'call.claim' && !/\.call\.claimed\./.test(event.type)) return null;
    return this.reply({ id, ok: true, seq: event.seq, data: event.data, bySeq: true });
  }

  // resumed is called once the stream has caught up: whatever the log knows of is settled by now.
  // What is left is repeated if it is fresh, and given back if it is not.
  resumed() {
    for (const entry of [...this.open.values()]) {
      const limit = repeatFor[entry.type] || repeatDefault;
      if (this.now() - entry.at <= limit) this.transmit(entry);
      else this.giveUp(entry, 'not_confirmed');
    }
  }

  // tick gives up commands that were sent on a live link and never answered.
  tick(live) {
    if (!live) return;
    for (const entry of [...this.open.values()]) {
      if (this.now() - entry.at > answerWithin) this.giveUp(entry, 'no_answer');
    }
  }

  giveUp(entry, code) {
    this.open.delete(entry.id);
    this.onSettled(entry, {
      id: entry.id, ok: false,
      error: { code, title: 'No answer', detail: 'The server did not confirm this.', retryable: true },
    });
  }
}
