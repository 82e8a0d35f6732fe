// The conversation of one call: lines in the order they came, with what became of each. Pure.

import { kindOf } from './view.js';

// Worse or later knowledge replaces earlier; a receipt that arrives out of order does not take it back.
const rank = { queued: 0, submitted: 1, accepted: 2, unknown: 3, failed: 4, delivered: 5, displayed: 6 };

export const emptyLines = Object.freeze({ list: [], index: new Map(), seen: new Set(), receipts: new Map(), roles: new Map() });

// addEvent returns lines with the event in it, or lines itself when the event is there already or
// makes no line. An event may come from the live stream and from a transcript, in any order.
export function addEvent(lines, event) {
  const key = event.id || `${event.subject}/${event.call_seq}`;
  if (lines.seen.has(key)) return lines;
  const next = { ...lines, seen: new Set(lines.seen).add(key) };
  const kind = kindOf(event);
  if (kind === 'message.receipt') return addReceipt(next, event);
  if (kind === 'participant.joined') {
    next.roles = new Map(lines.roles).set(event.data.participant, event.data);
    return next;
  }
  const line = lineOf(event, kind, next);
  return line ? insert(next, line) : next;
}

function lineOf(event, kind, lines) {
  const d = event.data || {};
  const base = { key: event.id, kind, at: event.time, order: event.call_seq || 0, command: event.command && event.command.id };
  switch (kind) {
    case 'message.received':
      return {
        ...base, who: roleOf(lines, d.from), from: d.from, message: d.message, number: d.number, content: d.content || {},
        late: !!d.late, duplicate: !!d.duplicate, claimed: d.claimed_time, ...known(lines, d.message),
      };
    case 'message.queued':
      return {
        ...base, who: d.agent ? 'taker' : 'machine', agent: d.agent, message: d.message, number: d.number,
        content: d.content || {}, state: 'queued', ...known(lines, d.message),
      };
    case 'message.quarantined':
      return { ...base, who: 'caller', message: d.message, content: d.content || {}, quarantined: true, cause: d.cause };
    case 'note.added':
      return { ...base, who: 'note', agent: d.agent, text: d.text };
    case 'call.offered': case 'call.claimed': case 'call.released': case 'call.closed': case 'call.idle_warning':
    case 'call.extended': case 'leg.broken': case 'location.updated': case 'location.failed':
      return { ...base, who: 'system', data: d };
    case 'leg.established':
      // Only a line that mends is worth telling; the first one is part of answering.
      return lines.list.some((l) => l.kind === 'leg.broken') ? { ...base, who: 'system', data: d } : null;
    default:
      return null;
  }
}

function roleOf(lines, participant) {
  const p = lines.roles.get(participant);
  if (!p || p.role === 'caller') return 'caller';
  return p.role === 'system' ? 'machine' : 'taker';
}

function known(lines, message) {
  return lines.receipts.get(message) || {};
}

function addReceipt(lines, event) {
  const d = event.data || {};
  const i = lines.index.get(d.message);
  const old = i === undefined ? known(lines, d.message) : lines.list[i];
  const change = receipt(old, event, d);
  if (!change) return lines;
  lines.receipts = new Map(lines.receipts).set(d.message, { ...known(lines, d.message), ...change });
  if (i !== undefined) {
    lines.list = lines.list.slice();
    lines.list[i] = { ...lines.list[i], ...change };
  }
  return lines;
}

// A receipt with an agent says that the agent has the texter's line on screen; one without says what
// became of our own.
function receipt(old, event, d) {
  if (d.state === 'displayed' && d.agent) return { shown: true, shownTo: d.agent };
  if (old.state && (rank[d.state] ?? -1) <= (rank[old.state] ?? -1)) return null;
  return { state: d.state, cause: d.cause, stateAt: event.time };
}

// insert keeps the order of arrival; almost always the new line is the last.
function insert(lines, line) {
  const list = lines.list.slice();
  let at = list.length;
  while (at > 0 && list[at - 1].order > line.order) at -= 1;
  list.splice(at, 0, line);
  const index = at === list.length - 1 ? new Map(lines.index) : new Map();
  if (at === list.length - 1) {
    if (line.message) index.set(line.message, at);
  } else {
    list.forEach((l, i) => l.message && index.set(l.message, i));
  }
  return { ...lines, list, index };
}
