// Small makers of events for the tests.
let n = 0;
export const T0 = Date.parse('2026-01-02T03:04:05.000Z');
export const at = (s) => new Date(T0 + s * 1000).toISOString();

export function event(call, kind, data, { seq, call_seq, time = 0, command, id } = {}) {
  n += 1;
  return {
    specversion: '1.0', id: id || `E${n}`, source: 'text911/psap.example', type: `text911.${kind}.v1`, subject: call,
    time: at(time), seq, call_seq, data, ...(command ? { command: { id: command, digest: 'd' } } : {}),
  };
}

// story is the events of a call, numbered from seq on, call_seq from 1 on.
export function story(call, seq, ...list) {
  return list.map(([kind, data, more], i) => event(call, kind, data, { seq: seq + i, call_seq: i + 1, time: i, ...more }));
}

export const offered = ['call.offered', { mode: '1pcc', psap: 'psap.example', bearer: 'msrp', caller: { address: 'tel:+15125550101' }, ids: {} }];
export const queued = ['call.queued', { queue: 'text', reason: 'offered' }];
export const said = (message, text, more = {}) => ['message.received', { message, number: 1, leg: 'l', from: 'caller', content: { content_type: 'text/plain', text }, ...more }];
export const ours = (message, text, more) => ['message.queued', { message, number: 2, leg: 'l', from: 'taker:ann', agent: 'ann', content: { content_type: 'text/plain', text } }, more];
