// The state of one call as its events tell it: the same projection the server makes, so that a
// snapshot and the events after it end in the same picture. Pure.

const maxLocations = 32;

const appliers = {
  'call.offered'(v, e, d) {
    v.call = e.subject;
    v.psap = d.psap;
    v.mode = d.mode;
    v.phase = 'queued';
    v.offered = e.time;
    v.caller = d.caller || {};
    v.ids = d.ids || {};
    v.trunk = d.trunk;
    v.bearer = d.bearer;
    v.languages = d.languages;
    v.priority = d.priority;
    v.test = d.test;
    (d.locations || []).forEach((l) => locate(v, l));
  },
  'call.queued'(v, e, d) {
    v.queue = d.queue;
    v.phase = 'queued';
    v.queue_reason = d.reason;
    v.queued_at = e.time;
    noHolder(v);
    wake(v);
  },
  'call.claimed'(v, e, d) {
    v.holder = d.agent;
    v.position = d.position;
    v.fence = d.fence;
    v.phase = v.answered_at ? 'active' : 'claimed';
    v.claimed_at = v.claimed_at || e.time;
    wake(v);
  },
  'call.released'(v) {
    noHolder(v);
  },
  'call.answered'(v, e) {
    v.answered_at = e.time;
    if (v.phase === 'claimed') v.phase = 'active';
  },
  'call.idle_warning'(v, e, d) {
    v.idle_deadline = d.deadline;
  },
  'call.extended'(v) {
    wake(v);
  },
  'call.closed'(v, e, d) {
    v.phase = 'closed';
    v.closed_at = e.time;
    v.closed_by = d.by;
    v.cause = d.cause;
    v.abandoned = d.abandoned;
    delete v.idle_deadline;
  },
  'message.received'(v, e) {
    v.messages_in = (v.messages_in || 0) + 1;
    v.unshown = (v.unshown || 0) + 1;
    v.last_in = e.time;
    wake(v);
  },
  'message.queued'(v, e) {
    v.messages_out = (v.messages_out || 0) + 1;
    v.last_out = e.time;
    wake(v);
  },
  'message.receipt'(v, e, d) {
    if (d.state === 'displayed' && d.agent && v.unshown > 0) v.unshown -= 1;
  },
  'location.updated'(v, e, d) {
    locate(v, d.location);
  },
  'leg.opening'(v, e, d) {
    v.leg = d.leg;
    v.bearer = d.bearer;
    v.leg_state = 'opening';
  },
  'leg.established'(v, e, d) {
    v.leg_state = 'established';
    v.capability = d.capability;
    delete v.mend_until;
  },
  'leg.broken'(v, e, d) {
    v.leg_state = 'broken';
    v.mend_until = d.until;
  },
  'leg.closed'(v) {
    v.leg_state = 'closed';
  },
};

// applyToView returns the view after the event; view itself is not changed. Kinds that are not known
// only move the numbers on: a newer server may have more of them.
export function applyToView(view, event) {
  const v = { ...view };
  v.call = v.call || event.subject;
  v.call_seq = Math.max(v.call_seq || 0, event.call_seq || 0);
  v.seq = Math.max(v.seq || 0, event.seq || 0);
  const f = appliers[kindOf(event)];
  if (f) f(v, event, event.data || {});
  return v;
}

// kindOf is "message.received" for the type "text911.message.received.v1".
export function kindOf(event) {
  const m = /^text911\.(.+)\.v\d+$/.exec(event.type || '');
  return m ? m[1] : '';
}

function wake(v) {
  if (v.phase !== 'closed') delete v.idle_deadline;
}

function noHolder(v) {
  delete v.holder;
  delete v.position;
  delete v.fence;
}

function locate(v, location) {
  let all = v.locations || [];
  if (all.length >= maxLocations) all = [all[0], ...all.slice(2 - maxLocations)];
  v.locations = [...all, location];
}
