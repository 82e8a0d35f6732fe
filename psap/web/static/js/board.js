// Everything the server has told this screen: calls, agents, alerts, and how far. Pure: no clock, no
// network, no page. A board is never changed; each function returns the next one.

import { applyToView, kindOf } from './view.js';
import { addEvent, emptyLines } from './lines.js';

const psapLevel = '_';
const keepClosed = 50;

export const emptyBoard = Object.freeze({
  epoch: '', seq: 0, calls: new Map(), agents: new Map(), alerts: new Map(), queue: {}, repeats: 0,
});

// fromSnapshot starts again from what the server says is so at seq. Conversations already on screen
// are kept only if the log is still the same one; they are completed by a transcript.
export function fromSnapshot(board, epoch, seq, snapshot) {
  const calls = new Map();
  for (const view of snapshot.calls || []) {
    const old = epoch === board.epoch ? board.calls.get(view.call) : undefined;
    calls.set(view.call, { view, lines: old ? old.lines : emptyLines, whole: false, typing: null });
  }
  if (epoch === board.epoch) {
    for (const [id, c] of board.calls) if (!calls.has(id) && c.view.phase === 'closed') calls.set(id, c);
  }
  const agents = new Map((snapshot.agents || []).map((a) => [a.agent, a]));
  const alerts = new Map((snapshot.alerts || []).map((a) => [alertKey(a), a]));
  return { ...board, epoch, seq, calls, agents, alerts, queue: snapshot.queue || {} };
}

// addViews adds calls that were asked for separately; what the stream told meanwhile wins.
export function addViews(board, views) {
  const calls = new Map(board.calls);
  for (const view of views) {
    const old = calls.get(view.call);
    if (!old || (old.view.seq || 0) < view.seq) {
      calls.set(view.call, { lines: emptyLines, typing: null, ...old, view: { ...(old && old.view), ...view }, whole: false });
    }
  }
  return { ...board, calls };
}

// live takes an event of the stream. A durable one that was here before changes nothing.
export function live(board, event) {
  if (event.class === 'ephemeral' || !event.seq) return ephemeral(board, event);
  if (event.seq <= board.seq) return { ...board, repeats: board.repeats + 1 };
  const next = { ...board, seq: event.seq };
  if (!event.subject || event.subject === psapLevel) return psapEvent(next, event);
  return callEvent(alertEvent(next, event), event);
}

function callEvent(board, event) {
  const old = board.calls.get(event.subject);
  const offered = kindOf(event) === 'call.offered';
  if (!old && !offered) {
    // A call closed before the snapshot still gets late words: they are shown, not swallowed.
    return put(board, event.subject, {
      view: applyToView({ call: event.subject, phase: 'closed' }, event), lines: addEvent(emptyLines, event), whole: false, typing: null,
    });
  }
  const call = old || { view: {}, lines: emptyLines, whole: true, typing: null };
  const hole = !offered && call.view.call_seq && event.call_seq > call.view.call_seq + 1;
  const next = {
    ...call,
    // A view that was asked for separately may be ahead of the stream.
    view: event.seq > (call.view.seq || 0) ? applyToView(call.view, event) : call.view,
    lines: addEvent(call.lines, event),
    whole: call.whole && !hole,
    typing: kindOf(event) === 'message.received' ? null : call.typing,
  };
  return tidy(put(board, event.subject, next));
}

function psapEvent(board, event) {
  if (kindOf(event) === 'agent.changed') {
    const d = event.data;
    const agents = new Map(board.agents);
    agents.set(d.agent, { ...agents.get(d.agent), agent: d.agent, state: d.state, position: d.position });
    return { ...board, agents };
  }
  return alertEvent(board, event);
}

function alertEvent(board, event) {
  const kind = kindOf(event);
  if (kind !== 'alert.raised' && kind !== 'alert.cleared') return board;
  const alerts = new Map(board.alerts);
  const key = alertKey(event.data);
  if (kind === 'alert.raised') alerts.set(key, { ...event.data, at: event.time });
  else alerts.delete(key);
  return { ...board, alerts };
}

export function alertKey(a) {
  return `${a.alert}/${a.about || ''}`;
}

function ephemeral(board, event) {
  const d = event.data || {};
  switch (kindOf(event)) {
    case 'typing.changed': {
      const call = board.calls.get(event.subject);
      if (!call) return board;
      return put(board, event.subject, { ...call, typing: d.on ? { role: d.role, agent: d.agent, at: event.time } : null });
    }
    case 'agent.presence': {
      const agents = new Map(board.agents);
      agents.set(d.agent, { ...agents.get(d.agent), agent: d.agent, connected: d.connected, can_ring: d.can_ring });
      return { ...board, agents };
    }
    case 'queue.stats':
      return { ...board, queue: d };
    default:
      // An alert that the log is away cannot be in the log.
      return alertEvent(board, event);
  }
}

// transcript adds what the log has of a call; last says that there is no more.
export function transcript(board, call, events, last) {
  const old = board.calls.get(call);
  if (!old) return board;
  const lines = events.reduce(addEvent, old.lines);
  // A transcript tells what a snapshot leaves out, such as why a call is back in the queue.
  const extra = {};
  for (const e of events) {
    if (kindOf(e) === 'call.queued' && e.call_seq <= old.view.call_seq) {
      extra.queue_reason = e.data.reason;
      extra.queued_at = e.time;
    }
  }
  return put(board, call, { ...old, lines, view: { ...old.view, ...extra }, whole: old.whole || last });
}

function put(board, id, call) {
  return { ...board, calls: new Map(board.calls).set(id, call) };
}

// tidy forgets the oldest closed calls: the screen is not the archive.
function tidy(board) {
  const closed = [...board.calls.values()].filter((c) => c.view.phase === 'closed');
  if (closed.length <= keepClosed) return board;
  closed.sort((a, b) => (a.view.closed_at < b.view.closed_at ? -1 : 1));
  const calls = new Map(board.calls);
  closed.slice(0, closed.length - keepClosed).forEach((c) => calls.delete(c.view.call));
  return { ...board, calls };
}

// urgency orders Resource-Priority values of the namespace esnet, 4 being the highest (RFC 7135 §4);
// the server's queue goes by it too.
function urgency(priority) {
  const m = /^esnet\.([0-4])$/i.exec((priority || '').trim());
  return m ? Number(m[1]) : 0;
}

// groups sorts the calls for the list: waiting, mine, others', closed; waiting ones by priority and
// then oldest first, open ones oldest first, closed ones newest first.
export function groups(board, me) {
  const g = { waiting: [], mine: [], others: [], closed: [] };
  for (const c of board.calls.values()) {
    const v = c.view;
    if (v.phase === 'closed') g.closed.push(c);
    else if (v.holder && v.holder === me) g.mine.push(c);
    else if (v.holder) g.others.push(c);
    else if (v.phase === 'queued') g.waiting.push(c);
    else g.others.push(c);
  }
  const byAge = (a, b) => (a.view.offered < b.view.offered ? -1 : a.view.offered > b.view.offered ? 1 : a.view.call < b.view.call ? -1 : 1);
  g.waiting.sort((a, b) => urgency(b.view.priority) - urgency(a.view.priority) || byAge(a, b));
  g.mine.sort(byAge);
  g.others.sort(byAge);
  g.closed.sort((a, b) => ((a.view.closed_at || '') < (b.view.closed_at || '') ? 1 : -1));
  return g;
}
