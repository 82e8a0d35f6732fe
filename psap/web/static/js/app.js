// The screen's own life: joins link, board, commands, sound and page. Parts read it and call its
// actions; nothing else changes it.

import { addViews, alertKey, emptyBoard, fromSnapshot, groups, live, transcript } from './board.js';
import { Commands } from './commands.js';
import { Link } from './link.js';
import { Heed, ringing, title } from './ring.js';
import { Orders } from './orders.js';
import { Sounds } from './sound.js';
import { kindOf } from './view.js';
import { number, refusalWords, timeOf } from './words.js';
import * as wire from './wire.js';

const pageOf = 500;
const previews = 12; // waiting texts whose words are fetched for the list

export class App extends Orders {
  constructor({ render, polite, assertive, focus, soon, me }) {
    super();
    Object.assign(this, { render, polite, assertive, focus, soon, me });
    this.now = () => Date.now();
    this.client = wire.newID(); // this page: a newer connection of it replaces an older one
    this.board = emptyBoard;
    this.ready = true;
    this.login = me.agent ? null : { need: 'name' };
    this.selected = null;
    this.drafts = new Map(); // call → {text, unsent, id}
    this.noteDrafts = new Map();
    this.closing = new Set();
    this.failures = new Map(); // message → call: lines of mine that failed or are unknown
    this.heardAlarms = new Set();
    this.heed = new Heed();
    this.dialog = null;
    this.notice = null;
    this.silencedUntil = 0;
    this.fetching = new Set();
    this.shownAsked = new Set();
    this.typingAt = 0;
    this.answering = null;
    this.sounds = new Sounds((can) => this.soundChanged(can));
    this.couldRing = false;
    this.link = new Link({
      connect: wire.socketTo(() => this.address()),
      now: this.now, random: Math.random,
      hello: () => (this.me.agent && this.me.psap ? this.introduction() : null),
      emit: (what, detail) => this.heard(what, detail),
    });
    this.commands = new Commands({
      newID: wire.newID, now: this.now,
      send: (frame) => this.link.send(frame),
      onSettled: (entry, reply) => this.settled(entry, reply),
    });
  }

  introduction() {
    return { psap: this.me.psap, agent: this.me.agent, position: this.me.position || undefined, can_ring: this.sounds.can, client: this.client };
  }

  // address: a ticket is good once, so each connection needs one of its own.
  async address() {
    return wire.wsURL(this.token ? await this.fetchTicket() : '');
  }

  // ---- what the link tells ----

  heard(what, d) {
    const f = this[`on_${what}`];
    if (f) f.call(this, d);
    this.changed();
  }

  on_hello(f) {
    this.server = f;
    const psaps = f.psaps || [];
    if (!this.me.psap && psaps.length === 1) [this.me.psap] = psaps;
    if (f.time) this.skew = Date.parse(f.time) - this.now();
    if (!this.me.psap) {
      this.login = { need: 'psap', psaps };
      this.focus('psap');
    }
  }

  on_word({ word, since, detail }) {
    if (word === 'blind') this.assertive(`Connection lost. Blind since ${timeOf(since)}. Nothing you see is new.`);
    if (word === 'stopped') {
      this.stopped = detail || {};
      this.assertive('The server does not let this screen reconnect. Reload, or sign in again.');
    }
    if (word === 'catching') this.notice = null;
  }

  on_ready(f) {
    this.board = fromSnapshot(this.board, f.epoch, f.seq, f.snapshot || {});
    this.fetching.clear();
    if (f.again) this.say(this.gap ? 'Part of what happened could not be recovered line by line: everything was loaded again.' : 'Everything was loaded again.', 'new');
    this.gap = null;
    this.settleFromBoard();
    this.commands.resumed(); // before anything new is asked
    this.fetchList(f.snapshot && f.snapshot.next);
    this.fetchOpen();
    this.sendState();
  }

  on_gap(f) {
    this.gap = f;
  }

  on_recovered(r) {
    this.commands.resumed();
    this.sendState();
    const n = r.lines;
    this.say(`Live again. ${n === 0 ? 'No line was missed' : n === 1 ? '1 line recovered' : `${n} lines recovered`}${r.events > 0 ? `, ${r.events} event${r.events === 1 ? '' : 's'} in all` : ''}.`, 'delivered');
    this.recovered = r;
    this.fetchOpen();
  }

  on_event(e) {
    const before = this.board;
    this.board = live(before, e);
    if (this.board.repeats === before.repeats) this.commands.seen(e);
    if (this.board.repeats === before.repeats && e.class !== 'ephemeral') this.attend(kindOf(e), e);
    else if (kindOf(e) === 'alert.raised') this.attend('alert.raised', e);
  }

  on_reply(f) {
    this.commands.reply(f);
  }

  on_goaway() {
    this.say('The server is about to restart; this screen reconnects by itself.', 'new');
  }

  async on_refused() {
    if (this.token || this.login || !(await wire.wantsLogin())) return;
    this.link.stop({ login: true });
    this.login = { need: 'token' };
    this.focus('token');
  }

  // ---- what an event means to the person ----

  attend(kind, e) {
    const call = this.board.calls.get(e.subject);
    const v = call ? call.view : {};
    const d = e.data || {};
    if (kind === 'message.received' && v.holder === this.me.agent) {
      this.heed.arrived(e.subject);
      this.polite(`${number(v.caller)}: ${d.content && d.content.text ? d.content.text : 'content without words'}`);
    }
    if (kind === 'call.queued') this.assertive(d.reason === 'offered' ? `New text from ${number(v.caller)}` : `Text from ${number(v.caller)} is back in the queue`);
    if (kind === 'call.closed') {
      this.closing.delete(e.subject);
      this.heed.gone(e.subject);
      if (v.holder === this.me.agent && d.by !== 'taker') this.assertive(`Text with ${number(v.caller)} was closed`);
    }
    if (kind === 'call.queued' || kind === 'call.released') this.heed.gone(e.subject);
    if (kind === 'alert.raised' && d.sentence) this.assertive(d.sentence);
    if (kind === 'call.idle_warning' && v.holder === this.me.agent) this.assertive(`Text with ${number(v.caller)} will be closed for silence. Extend it with ${'Alt X'}.`);
    if (kind === 'message.receipt' && (d.state === 'failed' || d.state === 'unknown') && v.holder === this.me.agent) {
      this.failures.set(d.message, e.subject);
      this.assertive(d.state === 'failed' ? 'A line of yours was not delivered' : 'It is unknown whether a line of yours was delivered');
    }
    if (kind === 'message.receipt' && (d.state === 'delivered' || d.state === 'displayed')) this.failures.delete(d.message);
  }

  settled(entry, reply) {
    const call = entry.data.call;
    if (reply.ok) {
      if (entry.type === 'call.transcript') this.gotTranscript(entry, reply.data || {});
      if (entry.type === 'call.list') {
        this.board = addViews(this.board, reply.data.calls || []);
        this.fetchList(reply.data.next);
      }
      if (entry.type === 'call.claim') this.claimed(call);
      if (entry.type === 'call.note') this.noteDrafts.delete(call);
      return this.changed();
    }
    const error = reply.error || {};
    if (entry.type === 'call.transcript') this.fetching.delete(call);
    else if (entry.type === 'message.send') this.takeBack(entry, error);
    else if (entry.type === 'message.shown') this.shownFailed(entry, error);
    else {
      this.closing.delete(call);
      this.say(`${entry.note || entry.type}: ${refusalWords(error)}`, 'late');
    }
    return this.changed();
  }

  // takeBack puts a line that is not in the log into the box again, marked unsent; only a key sends it.
  takeBack(entry, error) {
    const call = entry.data.call;
    const draft = this.drafts.get(call);
    const text = draft && draft.text ? `${entry.data.text}\n${draft.text}` : entry.data.text;
    // Where it is not certain that nothing was done, the same words under the same claim go with the
    // same id again, so that they cannot arrive twice.
    const again = text === entry.data.text && error.retryable ? { id: entry.id, fence: entry.data.fence } : {};
    this.drafts.set(call, { text, unsent: refusalWords(error), ...again });
    this.assertive(`Your line was not sent. ${refusalWords(error)}`);
  }

  // settleFromBoard: after a new snapshot nothing tells which commands had their effect, except the
  // calls' own state.
  settleFromBoard() {
    for (const e of this.commands.open.values()) {
      const c = this.board.calls.get(e.data.call);
      const done = e.type === 'call.claim' && c && c.view.holder === this.me.agent;
      if (done) this.commands.reply({ id: e.id, ok: true, data: {} });
    }
  }

  claimed(call) {
    this.failures.forEach((c, m) => c === call && this.failures.delete(m));
    this.answering = call; // the reply may be faster than the event that makes the call mine
  }

  // toReplyBox moves the person to the reply box of the text just claimed, unless they have gone
  // elsewhere meanwhile.
  toReplyBox() {
    if (!this.answering) return;
    if (this.selected !== this.answering) this.answering = null;
    else if (this.mine() && !this.dialog) {
      this.answering = null;
      this.focus('reply');
    }
  }

    // ---- transcripts ----

  fetchOpen() {
    const g = groups(this.board, this.me.agent);
    const near = [...g.mine, ...g.waiting.slice(0, previews)].map((c) => c.view.call);
    new Set([this.selected, ...near]).forEach((id) => id && this.fetchTranscript(id));
  }

  // fetchList asks for the calls that did not fit into the snapshot.
  fetchList(cursor) {
    if (cursor) this.commands.issue('call.list', { limit: pageOf, cursor });
  }

  fetchTranscript(id, after = 0) {
    const call = this.board.calls.get(id);
    if (!call || call.whole || (this.fetching.has(id) && !after) || this.link.word !== 'live') return;
    this.fetching.add(id);
    this.commands.issue('call.transcript', { call: id, after, limit: pageOf });
  }

  gotTranscript(entry, data) {
    const id = entry.data.call;
    const events = data.events || [];
    const last = !data.more || events.length === 0;
    this.board = transcript(this.board, id, events, last);
    events.forEach((e) => this.commands.seen(e));
    if (!last) return this.fetchTranscript(id, events[events.length - 1].seq);
    this.fetching.delete(id);
  }

  // ---- who sits here ----

  signIn({ agent, position, psap, token }) {
    this.sounds.enable().then(() => this.sounds.once());
    Object.assign(this.me, { agent: agent || this.me.agent, position: position ?? this.me.position, psap: psap || this.me.psap });
    this.remember();
    this.login = null;
    if (token) this.token = token;
    this.start();
  }

  start() {
    if (this.login) return;
    this.link.open();
    this.changed();
  }

  async fetchTicket() {
    try {
      return await wire.ticket(this.token, { agent: this.me.agent });
    } catch (e) {
      if (e.status === 401 || e.status === 403) {
        this.token = null;
        this.link.stop({ login: true });
        this.login = { need: 'token', error: e.status === 403 ? 'This token belongs to another name.' : 'This token was not accepted.' };
        this.focus('token');
      }
      throw e;
    }
  }

  remember() {
    try {
      sessionStorage.setItem('text911.me', JSON.stringify({ agent: this.me.agent, position: this.me.position, psap: this.me.psap }));
    } catch { /* a browser that keeps nothing only asks again */ }
  }

  forget() {
    try {
      sessionStorage.removeItem('text911.me');
    } catch { /* nothing was kept */ }
    const u = new URL(location.href);
    ['agent', 'position'].forEach((k) => u.searchParams.delete(k));
    location.href = u.href;
  }

  // ---- time ----

  tick() {
    this.link.tick();
    this.commands.tick(this.link.word === 'live');
    this.typingTick();
    for (const k of this.heardAlarms) if (![...this.board.alerts.values()].some((a) => alertKey(a) === k)) this.heardAlarms.delete(k);
    this.changed();
  }

  // changed asks for a look at everything, once for all that happens in one go. Not a timer: those
  // of hidden tabs sleep.
  changed() {
    if (this.dirty) return;
    this.dirty = true;
    this.soon(() => {
      if (!this.dirty) return;
      this.dirty = false;
      this.look();
    });
  }

  // flush draws at once. After a key this is needed: what is typed next must land where the key led,
  // and not in the box that was there before.
  flush() {
    if (!this.dirty) return;
    this.dirty = false;
    this.look();
    this.render(true);
  }

  look() {
    const g = groups(this.board, this.me.agent);
    this.ring = ringing({
      link: this.link.word, waiting: g.waiting.length, ready: this.ready, unheeded: this.heed.size,
      alarms: this.alarms().length, failures: this.failures.size, silenced: this.silencedUntil > this.now(),
    });
    this.sounds.play(this.ring.sound);
    this.toReplyBox();
    this.tab = title({ link: this.link.word, waiting: g.waiting.length, unheeded: this.heed.size, alarms: this.alarms().length }, `text911 ${this.me.psap || ''}`.trim());
    this.groups = g;
    this.render();
  }
}
