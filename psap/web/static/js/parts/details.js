// Who and where: caller, location with how it was found and how old it is, languages, identifiers.
import { html } from '../html.js';
import { age, methodWords, metres, number, timeOf } from '../words.js';
import { icon } from './icons.js';

export function details(app) {
  const call = app.board.calls.get(app.selected);
  if (!call) return null;
  const v = call.view;
  return html`<aside class=${`details ${app.details ? 'open' : ''}`} id="details" tabindex="0" aria-label="Caller and location">
    ${locations(app, v)}
    <section class="card"><h2>Caller</h2><dl>
      ${row('Number', number(v.caller))}
      ${row('Address', v.caller && v.caller.address, 'id')}
      ${row('Name', v.caller && v.caller.name)}
      ${row('Asserted', v.caller && v.caller.address && (v.caller.asserted ? 'by the network' : 'NOT by the network'))}
      ${row('Signature', v.caller && v.caller.verstat)}
      ${row('Languages', languages(v))}
      ${row('Comes by', bearer(v))}
      ${row('Priority', v.priority)}
    </dl></section>
    <section class="card"><h2>Text</h2><dl>
      ${row('Arrived', timeOf(v.offered))}
      ${row('First claimed', v.claimed_at && `${timeOf(v.claimed_at)}, after ${age(Date.parse(v.claimed_at) - Date.parse(v.offered))}`)}
      ${row('Held by', v.holder && `${v.holder}${v.position ? `, position ${v.position}` : ''}`)}
      ${row('Lines', `${v.messages_in || 0} in, ${v.messages_out || 0} out`)}
      ${row('Line to texter', legWords(v))}
      ${row('Takes', accepts(v))}
    </dl></section>
    <section class="card"><h2>Identifiers</h2><dl>
      ${row('Emergency call', v.ids && v.ids.emergency_call_id, 'id')}
      ${row('Incident', v.ids && v.ids.incident_id, 'id')}
      ${row('Source', v.ids && v.ids.source, 'id')}
      ${row('SIP Call-ID', v.ids && v.ids.sip_call_id, 'id')}
      ${row('Call', v.call, 'id')}
      ${row('Trunk', v.trunk, 'id')}
      ${row('Queue', v.queue, 'id')}
    </dl></section>
  </aside>`;
}

function row(name, value, kind) {
  if (value === undefined || value === null || value === '' || value === false) return null;
  return html`<div class="row"><dt>${name}</dt><dd class=${kind}>${value}</dd></div>`;
}

function locations(app, v) {
  const all = (v.locations || []).slice().reverse();
  if (!all.length) return html`<section class="card place"><h2>${icon('place')}Location</h2><p class="tone-new">None came. Ask the texter.</p></section>`;
  return html`<section class="card place"><h2>${icon('place')}Location</h2>
    ${one(app, all[0])}
    ${all.length > 1 && html`<details><summary>${all.length - 1} earlier</summary>${all.slice(1).map((l) => one(app, l))}</details>`}
  </section>`;
}

function one(app, l) {
  const old = l.taken ? app.now() - Date.parse(l.taken) : null;
  return html`<div class="position">
    ${l.default && html`<p class="tone-late mark">${icon('failed')}DEFAULT: not the caller’s own position</p>`}
    ${l.civic && html`<p class="civic">${l.civic}</p>`}
    ${l.latitude && html`<p class="geo">${l.latitude}, ${l.longitude}</p>`}
    ${!l.civic && !l.latitude && l.reference && html`<p class="tone-new">By reference only; not fetched yet</p>`}
    <dl>
      ${row('How', methodWords(l))}
      ${row('Within', l.radius_m ? `${metres(l.radius_m)} (radius)` : l.latitude ? 'not stated' : '')}
      ${row('Confidence', l.confidence ? `${l.confidence} %` : '')}
      ${row('Shape', l.shape && l.shape !== 'circle' && l.shape !== 'point' ? l.shape.replace('_', ' ') : '')}
      ${row('Age', old === null ? 'not stated' : age(old))}
      ${row('Reference', l.reference, 'id')}
    </dl>
  </div>`;
}

function languages(v) {
  const names = [...new Set(v.languages || [])].map((tag) => {
    try {
      return `${new Intl.DisplayNames(['en'], { type: 'language' }).of(tag)} (${tag})`;
    } catch {
      return tag;
    }
  });
  return names.join(', ');
}

const bearer = (v) => ({ msrp: 'IP network (MSRP)', sms: 'SMS' })[v.bearer] || v.bearer;

const legWords = (v) => ({ opening: 'ringing', established: 'up', broken: 'BROKEN', closed: 'ended' })[v.leg_state];

function accepts(v) {
  const c = v.capability || {};
  const types = c.accept_types;
  if (!types) return '';
  const pictures = types.some((t) => t === '*' || t.startsWith('image/'));
  return `words${pictures ? ' and pictures' : ' only'}${c.max_size ? `, up to ${Math.floor(c.max_size / 1024)} kB` : ''}`;
}
