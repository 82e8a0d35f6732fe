// The list of texts: waiting first, oldest on top, then mine, others', closed.
import { html } from '../html.js';
import { age, hint, number, stateOf, timeOf } from '../words.js';
import { icon } from './icons.js';
import { label } from '../keys.js';

const closedShown = 20;

export function list(app) {
  const g = app.groups;
  return html`<nav class="list" aria-label="Texts" id="list">
    ${group(app, 'waiting', 'Waiting', g.waiting, 'Nobody is waiting.')}
    ${group(app, 'mine', 'Mine', g.mine, 'You hold no text.')}
    ${group(app, 'others', 'With others', g.others)}
    ${g.closed.length > 0 && html`<section class="group closed">
      <h2><button type="button" class="fold" aria-expanded=${String(!!app.showClosed)} onClick=${() => { app.showClosed = !app.showClosed; app.changed(); }}>
        <span class="turn" aria-hidden="true">${app.showClosed ? '▾' : '▸'}</span> Closed (${g.closed.length})</button></h2>
      ${app.showClosed && html`<ul>${g.closed.slice(0, closedShown).map((c) => item(app, c))}</ul>`}
    </section>`}
    <p class="hint quiet">Move with <kbd>${label('previous')}</kbd> <kbd>${label('next')}</kbd>, oldest <kbd>${label('oldest')}</kbd></p>
  </nav>`;
}

function group(app, id, name, calls, none) {
  if (!calls.length && !none) return null;
  return html`<section class=${`group ${id}`}>
    <h2>${name} (${calls.length})</h2>
    ${calls.length ? html`<ul>${calls.map((c) => item(app, c))}</ul>` : html`<p class="quiet none">${none}</p>`}
  </section>`;
}

function item(app, call) {
  const v = call.view;
  const now = app.now();
  const s = stateOf(v, now, app.me.agent, app.closing.has(v.call));
  const unread = v.holder === app.me.agent ? Math.max(app.heed.of(v.call), v.unshown || 0) : v.unshown || 0;
  const last = words(call, v.phase === 'queued' ? 3 : 1);
  const here = app.selected === v.call;
  const since = v.phase === 'closed' ? timeOf(v.closed_at) : age(now - Date.parse(v.queued_at && v.phase === 'queued' ? v.queued_at : v.offered));
  return html`<li key=${v.call}>
    <button type="button" class=${`call tone-${s.tone} ${here ? 'here' : ''}`} data-call=${v.call} data-state=${s.word} aria-current=${here ? 'true' : undefined} onClick=${() => app.select(v.call, 'reply')}>
      <span class="state">${icon(s.icon)}<b>${s.word}</b> ${s.detail && html`<span class="detail">${s.detail}</span>`} <span class="age">${since}</span></span>
      <span class="number">${number(v.caller)}
        ${unread > 0 && html` <span class="badge">${unread} unread</span>`}
        ${v.test && html` <span class="mark">TEST</span>`}
      </span>
      ${last.map((l) => html`<span class="last" key=${l.key} lang=${l.content.language} dir="auto">${l.content.text}</span>`)}
      <span class="where quiet">${icon('place')}${hint(v)}</span>
    </button>
  </li>`;
}

// words are the texter's newest lines: of a text nobody has yet, more of them, to judge it by.
function words(call, most) {
  return call.lines.list.filter((l) => l.kind === 'message.received' && l.content.text).slice(-most);
}
