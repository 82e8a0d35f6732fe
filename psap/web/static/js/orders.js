// What the person at this screen may do, each by a key: go from text to text, answer, write, note,
// extend, give back, close, silence. Orders that need the server go out as commands; while blind they
// are refused at once and in words.

import { groups } from './board.js';
import { replies } from './replies.js';
import * as wire from './wire.js';

const silenceFor = 30000;
const typingFor = 8000; // between two signs of typing, and until typing has ended
const blindUnsent = 'no_connection'; // told differently before and after the connection is back

// Orders is the half of the App that people work; the other half listens to the server.
export class Orders {
  select(id, focus) {
    if (this.selected !== id) this.stopTyping();
    this.selected = id;
    this.details = false;
    this.fetchTranscript(id);
    this.changed();
    if (focus) this.focus(focus);
  }

  back() {
    this.stopTyping();
    this.selected = null;
    this.changed();
  }

  answerNext() {
    const { waiting } = groups(this.board, this.me.agent);
    const next = waiting.find((c) => !this.pendingFor('call.claim', c.view.call));
    if (!next) return this.say('No text is waiting.', 'quiet');
    return this.claim(next.view.call);
  }

  claim(call) {
    if (this.blindly('Answer')) return;
    this.select(call);
    this.commands.issue('call.claim', { call, position: this.me.position || undefined }, { note: 'Answer' });
    this.changed();
  }

  step(by) {
    const g = groups(this.board, this.me.agent);
    const all = [...g.waiting, ...g.mine, ...g.others, ...(this.showClosed ? g.closed : [])].map((c) => c.view.call);
    if (!all.length) return;
    const at = all.indexOf(this.selected);
    this.select(all[at < 0 ? (by > 0 ? 0 : all.length - 1) : (at + by + all.length) % all.length], 'conversation');
  }

  oldest() {
    const { waiting } = groups(this.board, this.me.agent);
    if (waiting.length) this.select(waiting[0].view.call, 'conversation');
    else this.say('No text is waiting.', 'quiet');
  }

  nextMine() {
    const { mine } = groups(this.board, this.me.agent);
    const c = mine.find((x) => this.heed.of(x.view.call)) || mine.find((x) => x.view.call !== this.selected) || mine[0];
    if (c) this.select(c.view.call, 'reply');
  }

  view() {
    const c = this.board.calls.get(this.selected);
    return c ? c.view : null;
  }

  mine() {
    const v = this.view();
    return !!v && v.holder === this.me.agent && v.phase !== 'closed';
  }

  draft(text) {
    const old = this.drafts.get(this.selected) || {};
    if (text) this.drafts.set(this.selected, { ...old, text, id: text === old.text ? old.id : undefined });
    else this.drafts.delete(this.selected);
    this.typing(!!text);
    this.changed();
  }

  send() {
    const d = this.drafts.get(this.selected);
    const v = this.view();
    if (!d || !d.text.trim() || !v) return;
    if (!this.mine()) return this.say('Claim the text before you answer it.', 'late');
    if (this.link.word !== 'live') {
      this.drafts.set(this.selected, { ...d, unsent: blindUnsent });
      this.assertive('Not sent. There is no connection.');
      return this.changed();
    }
    this.drafts.delete(this.selected);
    this.typingAt = 0;
    this.commands.issue('message.send', { call: v.call, fence: v.fence, text: d.text }, { id: d.fence === v.fence ? d.id : undefined });
    this.changed();
  }

  insert(reply) {
    if (!this.mine()) return this.say('Claim the text before you answer it.', 'late');
    const d = this.drafts.get(this.selected);
    this.draft(d && d.text.trim() ? `${d.text.trimEnd()} ${reply.text}` : reply.text);
    this.dialog = null;
    this.changed();
    this.focus('reply');
  }

  // again puts the words of a line that failed into the box; a person decides whether to send them.
  again(text) {
    if (!this.mine()) return;
    this.draft(text);
    this.focus('reply');
  }

  quick(n) {
    const r = replies.find((x) => x.number === n);
    if (r && this.mine()) this.insert(r);
  }

  note(text) {
    const v = this.view();
    if (!v || !text.trim() || this.blindly('Note')) return;
    this.commands.issue('call.note', { call: v.call, text: text.trim() }, { note: 'Note' });
    this.closeDialog();
  }

  extend() {
    const v = this.view();
    if (!this.mine() || this.blindly('Extend')) return;
    this.commands.issue('call.extend', { call: v.call, fence: v.fence }, { note: 'Extend' });
  }

  release() {
    const v = this.view();
    if (!this.mine() || this.blindly('Give back')) return;
    this.commands.issue('call.release', { call: v.call, fence: v.fence }, { note: 'Give back' });
    this.closeDialog();
  }

  closeCall(word) {
    const v = this.view();
    if (!this.mine() || this.blindly('Close')) return;
    this.closing.add(v.call);
    this.commands.issue('call.close', { call: v.call, fence: v.fence, reason: word }, { note: 'Close' });
    this.closeDialog();
  }

  // blindly: what a person orders while blind is refused at once and in words, not kept for later.
  blindly(what) {
    if (this.link.word === 'live') return false;
    // A dialog left open would take the next Enter for its answer, after the connection is back.
    this.closeDialog();
    this.say(`${what}: there is no connection now. Nothing was done.`, 'late');
    this.assertive(`${what}: there is no connection now.`);
    return true;
  }

  typing(on) {
    if (!this.mine() || this.link.word !== 'live') return;
    const now = this.now();
    this.typingLast = on ? now : 0;
    if (on && now - this.typingAt < typingFor) return;
    if (!on && !this.typingAt) return;
    this.typingAt = on ? now : 0;
    const v = this.view();
    if (v.leg_state !== 'established') return;
    this.link.send({ op: 'command', id: wire.newID(), type: 'call.typing', data: { call: v.call, fence: v.fence, on } });
  }

  typingTick() {
    if (this.typingAt && this.now() - (this.typingLast || 0) > typingFor) this.stopTyping();
  }

  stopTyping() {
    if (this.typingAt) this.typing(false);
  }

  open(kind) {
    if (kind === 'close' || kind === 'release' || kind === 'replies') {
      if (!this.mine()) return this.say('Claim the text first.', 'late');
    }
    if (kind === 'note' && !this.view()) return;
    this.dialog = { kind, index: 0, query: '' };
    this.changed();
  }

  closeDialog() {
    const had = this.dialog;
    this.dialog = null;
    this.changed();
    if (had) this.focus(this.mine() ? 'reply' : 'conversation');
  }

  silence() {
    this.silencedUntil = this.silencedUntil > this.now() ? 0 : this.now() + silenceFor;
    this.changed();
  }

  toggleReady() {
    this.ready = !this.ready;
    this.sendState();
    this.changed();
  }

  sendState() {
    this.couldRing = this.sounds.can;
    this.commands.issue('agent.state', {
      state: this.ready ? 'ready' : 'paused', position: this.me.position || undefined, can_ring: this.sounds.can,
    }, { note: 'State' });
  }

  soundChanged(can) {
    if (can !== this.couldRing && this.link.word === 'live') this.sendState();
    this.changed();
  }

  heardAlarm(key) {
    this.heardAlarms.add(key);
    this.changed();
  }

  say(text, tone) {
    this.notice = { text, tone, at: this.now() };
    this.polite(text);
    this.changed();
  }

  // acted: a key or click. Browsers let sound out from now on, and lines on screen count as heeded.
  acted() {
    if (!this.sounds.can) this.sounds.enable();
    let more = this.heed.acted(document.visibilityState === 'visible' ? this.selected : null);
    this.failures.forEach((call, m) => {
      if (call === this.selected) more = this.failures.delete(m);
    });
    if (more) this.changed();
  }

  // shown tells the server which lines of the texter are in front of a person.
  shown(message) {
    const v = this.view();
    if (!v || this.shownAsked.has(message) || this.link.word !== 'live') return;
    if (v.holder && v.holder !== this.me.agent) return;
    this.shownAsked.add(message);
    this.commands.issue('message.shown', { call: v.call, message });
  }

  shownFailed(entry, error) {
    if (error.retryable) this.shownAsked.delete(entry.data.message);
  }

  pendingFor(type, call) {
    return [...this.commands.open.values()].some((e) => e.type === type && e.data.call === call);
  }

  pendingLines(call) {
    return [...this.commands.open.values()].filter((e) => e.type === 'message.send' && e.data.call === call);
  }

  alarms() {
    return [...this.board.alerts.entries()].filter(([k, a]) => a.severity === 'alarm' && !this.heardAlarms.has(k));
  }
}
