// Which sound should be heard now, and what the tab's title says. Pure.

// ringing → {sound, why}: sound is "trouble", "new", "line" or "" for quiet. Blindness goes before
// everything, because while it lasts nothing else can be known.
export function ringing({ link, waiting, ready, unheeded, alarms, failures, silenced }) {
  if (silenced) return { sound: '', why: 'silenced' };
  if (link === 'blind' || link === 'stopped') return { sound: 'trouble', why: 'the connection is lost' };
  if (waiting > 0 && ready) return { sound: 'new', why: waiting === 1 ? 'a text is waiting' : `${waiting} texts are waiting` };
  if (unheeded > 0) return { sound: 'line', why: 'new lines in your texts' };
  if (alarms > 0 || failures > 0) return { sound: 'trouble', why: alarms > 0 ? 'an alarm' : 'a line of yours failed' };
  return { sound: '', why: '' };
}

export function title({ link, waiting, unheeded, alarms }, name) {
  const parts = [];
  if (link === 'blind') parts.push('✖ BLIND');
  if (link === 'stopped') parts.push('✖ STOPPED');
  if (waiting) parts.push(`● ${waiting} NEW`);
  if (unheeded) parts.push(`✉ ${unheeded}`);
  if (alarms) parts.push('⚠ ALARM');
  return parts.length ? `${parts.join(' ')} – ${name}` : name;
}

// Heed keeps the lines that arrived in my texts and that nobody has acted upon at this screen. A line
// stays unheeded until the person does something (a key, a click) while its text is the one shown.
export class Heed {
  constructor() {
    this.calls = new Map(); // call → number of lines
  }

  arrived(call) {
    this.calls.set(call, (this.calls.get(call) || 0) + 1);
  }

  acted(selected) {
    return selected ? this.calls.delete(selected) : false;
  }

  gone(call) {
    this.calls.delete(call);
  }

  of(call) {
    return this.calls.get(call) || 0;
  }

  get size() {
    return this.calls.size;
  }
}
