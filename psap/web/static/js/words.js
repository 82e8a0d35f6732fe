// What things are called on screen. Pure; every word a taker reads about a state is made here.

// How long a text may wait before it is late: 90 % are to be answered within 15 s.
export const lateAfter = 15000;
// A texter who has written and has no answer for so long.
export const oweAfter = 60000;

const ms = (t) => (t ? Date.parse(t) : NaN);

// stateOf → {word, tone, icon, late, detail}. tone is one of new, late, mine, other, wait, closed.
export function stateOf(view, now, me, closing) {
  if (view.phase === 'closed') return { word: 'CLOSED', tone: 'closed', icon: 'closed', detail: closedWords(view) };
  if (closing) return { word: 'CLOSING', tone: 'closed', icon: 'closed', detail: '' };
  if (view.phase === 'queued') return waiting(view, now);
  const mine = view.holder === me;
  const tone = mine ? 'mine' : 'other';
  const who = mine ? 'you' : view.holder || 'nobody';
  if (view.leg_state === 'broken') return { word: 'LINE BROKEN', tone: 'late', icon: 'broken', detail: `held by ${who}` };
  if (view.idle_deadline) {
    return { word: 'STALE', tone: 'late', icon: 'late', detail: `closes in ${clock(ms(view.idle_deadline) - now)}`, late: true };
  }
  if (view.phase === 'claimed') return { word: 'CLAIMED', tone, icon: mine ? 'mine' : 'other', detail: `by ${who}` };
  const since = ms(view.last_in);
  const owed = since && !(ms(view.last_out) > since);
  if (owed) {
    const late = now - since > oweAfter;
    return { word: mine ? 'WAITING FOR YOU' : `WAITING FOR ${who}`, tone: late && mine ? 'late' : tone, icon: late ? 'late' : 'owed', late, detail: `for ${age(now - since)}` };
  }
  if (view.last_out) return { word: 'WAITING FOR TEXTER', tone, icon: mine ? 'mine' : 'other', detail: `for ${age(now - ms(view.last_out))}` };
  return { word: 'ACTIVE', tone, icon: mine ? 'mine' : 'other', detail: `with ${who}` };
}

function waiting(view, now) {
  const late = now - ms(view.queued_at || view.offered) >= lateAfter;
  const back = view.queue_reason && view.queue_reason !== 'offered';
  const word = back ? 'BACK IN QUEUE' : view.leg_state === 'established' ? 'NEW' : 'RINGING';
  const why = back ? releaseWords[view.queue_reason] || 'given back' : '';
  return { word: late ? `LATE · ${word}` : word, tone: late ? 'late' : 'new', icon: late ? 'late' : 'new', late, detail: why };
}

const releaseWords = { released: 'given back by a taker', lease_expired: 'its taker’s screen went silent', superseded: 'taken anew' };

const byWords = {
  texter: 'by the texter', taker: 'by a taker', transfer: 'transferred', timeout: 'by silence', network: 'by the network',
  engine: 'by the system', policy: 'by policy', controller: 'by the controller',
};

export function closedWords(view) {
  const by = byWords[view.closed_by] || view.closed_by || '';
  const reason = view.cause && view.cause.reason ? reasonWords(view.cause.reason) : '';
  return [by, reason && `(${reason})`, view.abandoned && '— before anybody answered'].filter(Boolean).join(' ');
}

const reasons = {
  hung_up: 'ended on the phone', closed: 'done', response_timeout: 'no answer from the network in time', idle: 'nobody wrote',
  not_mended: 'the line did not come back', restart: 'system restart', lease_expired: 'screen went silent',
};

// reasonWords makes a stable word readable: the known ones in a sentence, others with spaces.
export function reasonWords(word) {
  return reasons[word] || String(word).replace(/_/g, ' ');
}

// deliveryOf → {word, tone, icon} for a line of ours.
export function deliveryOf(line) {
  const why = line.cause && line.cause.reason ? ` — ${reasonWords(line.cause.reason)}` : '';
  switch (line.state) {
    case 'pending': return { word: 'sending…', tone: 'quiet', icon: 'pending' };
    case 'queued': return { word: 'queued', tone: 'quiet', icon: 'pending' };
    case 'submitted': return { word: 'sent', tone: 'quiet', icon: 'sent' };
    case 'accepted': return { word: 'accepted by network', tone: 'quiet', icon: 'sent' };
    case 'delivered': return { word: 'delivered to phone', tone: 'delivered', icon: 'delivered' };
    case 'displayed': return { word: 'shown on phone', tone: 'delivered', icon: 'delivered' };
    case 'failed': return { word: `FAILED${why}`, tone: 'late', icon: 'failed' };
    case 'unknown': return { word: `UNKNOWN if delivered${why}`, tone: 'unknown', icon: 'unknown' };
    default: return { word: line.state || '', tone: 'quiet', icon: 'pending' };
  }
}

// age is for a glance: "7 s", "3 min", "2 h 05".
export function age(millis) {
  const s = Math.max(0, Math.floor(millis / 1000));
  if (s < 100) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min`;
  if (s < 86400) return `${Math.floor(s / 3600)} h ${String(Math.floor((s % 3600) / 60)).padStart(2, '0')}`;
  return `${Math.floor(s / 86400)} d`;
}

// clock is for a countdown: "4:07".
export function clock(millis) {
  const s = Math.max(0, Math.ceil(millis / 1000));
  return `${Math.floor(s / 60)}:${String(s % 60).padStart(2, '0')}`;
}

export function timeOf(t) {
  const d = typeof t === 'number' ? new Date(t) : new Date(Date.parse(t));
  if (Number.isNaN(d.getTime())) return '--:--:--';
  return [d.getHours(), d.getMinutes(), d.getSeconds()].map((n) => String(n).padStart(2, '0')).join(':');
}

// number takes the scheme off an address: tel:+15125550101 and sip:+15125550101@host both are a
// telephone number to a taker.
export function number(caller) {
  const a = (caller && caller.address) || '';
  const m = /^(?:tel:|sips?:)?([^@;>]*)(.*)$/.exec(a);
  if (!m || !m[1]) return 'number unknown';
  return telephone(m[1]) || a.replace(/^(sips?|tel):/, '');
}

function telephone(s) {
  if (!/^\+?[\d().-]{3,}$/.test(s)) return '';
  const d = s.replace(/[^\d+]/g, '');
  const us = /^\+?1?(\d{3})(\d{3})(\d{4})$/.exec(d);
  return us ? `${us[1]} ${us[2]} ${us[3]}` : d;
}

const methods = { cell: 'cell tower area', gps: 'GPS', agps: 'assisted GPS', 'a-gps': 'assisted GPS', wifi: 'Wi-Fi', manual: 'entered by hand', default: 'default' };

export function methodWords(l) {
  if (!l.method) return 'method not stated';
  return methods[l.method.toLowerCase()] || l.method;
}

// hint is one short line about where the texter may be.
export function hint(view) {
  const l = best(view);
  if (!l) return 'no location';
  if (l.default) return 'DEFAULT position, not the caller’s';
  if (l.civic) return l.civic;
  if (l.latitude) return `${methodWords(l)}${l.radius_m ? ` ± ${metres(l.radius_m)}` : ''}`;
  if (l.reference) return 'location by reference, not fetched';
  return 'location unreadable';
}

// best is the newest that says where; a reference says only whom to ask.
export function best(view) {
  const all = view.locations || [];
  for (let i = all.length - 1; i >= 0; i -= 1) if (all[i].latitude || all[i].civic) return all[i];
  return all[all.length - 1];
}

export function metres(r) {
  const m = Number(r);
  if (!Number.isFinite(m)) return `${r} m`;
  return m >= 10000 ? `${Math.round(m / 1000)} km` : m >= 1000 ? `${(m / 1000).toFixed(1)} km` : `${Math.round(m)} m`;
}

const codes = {
  already_claimed: 'Another taker has it already.', not_claimed: 'Nobody holds this text; claim it first.',
  stale_fence: 'Your claim was over; claim it again.', not_yours: 'Another taker has it.', call_closed: 'The text is closed.',
  leg_not_ready: 'There is no line to the texter now.', too_large: 'Too long for the network.',
  type_not_accepted: 'The texter’s side takes no such content.', journal_unavailable: 'The system cannot store it now. Nothing was sent.',
  not_confirmed: 'Not confirmed before the connection broke.', no_answer: 'The server gave no answer.',
  too_many: 'Too many lines wait to be confirmed.', unknown_call: 'The system does not know this text any more.',
};

export function refusalWords(error) {
  return codes[error.code] || error.detail || error.title || error.code || 'Refused.';
}
