// What reaches out of the page: the WebSocket, the ticket, the clock's worker, ids.

// socketTo makes connections to what url() says each time; url may have to ask for a ticket first.
export function socketTo(url) {
  return ({ message, close }) => {
    let ws = null;
    let over = false;
    const open = (u) => {
      if (over) return;
      ws = new WebSocket(u, ['text911.v1']);
      ws.addEventListener('message', (e) => message(e.data));
      ws.addEventListener('close', (e) => close({ code: e.code, reason: e.reason }));
    };
    Promise.resolve().then(url).then(open).catch(() => close({ code: 1006 }));
    return {
      send: (text) => { if (ws && ws.readyState === WebSocket.OPEN) ws.send(text); },
      close: (code, reason) => {
        over = true;
        if (ws && ws.readyState < WebSocket.CLOSING) ws.close(code, reason);
      },
    };
  };
}

export function wsURL(ticket) {
  const u = new URL('/v1/ws', location.href);
  u.protocol = location.protocol === 'https:' ? 'wss:' : 'ws:';
  if (ticket) u.searchParams.set('ticket', ticket);
  return u.href;
}

// wantsLogin asks, after a handshake that never got through, whether that was for want of a login:
// a page is not told why its WebSocket was refused.
export async function wantsLogin() {
  try {
    const r = await fetch('/v1/ws', { method: 'GET', cache: 'no-store' });
    return r.status === 401;
  } catch {
    return false;
  }
}

// ticket exchanges the person's token for one that may stand in a URL: used once, good for seconds.
export async function ticket(token, body) {
  const r = await fetch('/v1/tickets', {
    method: 'POST', cache: 'no-store',
    headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${token}` },
    body: JSON.stringify(body),
  });
  if (!r.ok) throw Object.assign(new Error(`ticket: ${r.status}`), { status: r.status });
  return (await r.json()).ticket;
}

// everySecond calls f about once a second, in hidden tabs too.
export function everySecond(f) {
  try {
    const policy = globalThis.trustedTypes
      ? globalThis.trustedTypes.createPolicy('text911', { createScriptURL: (s) => { if (s !== '/js/clock.js') throw new TypeError(s); return s; } })
      : { createScriptURL: (s) => s };
    const w = new Worker(policy.createScriptURL('/js/clock.js'));
    w.addEventListener('message', f);
    w.addEventListener('error', () => setInterval(f, 1000), { once: true });
  } catch {
    setInterval(f, 1000);
  }
}

// newID is a ULID: sorts by time, and nobody else makes the same.
export function newID() {
  const letters = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
  let t = Date.now();
  let head = '';
  for (let i = 0; i < 10; i += 1) {
    head = letters[t % 32] + head;
    t = Math.floor(t / 32);
  }
  return head + Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => letters[b % 32]).join('');
}
