// One conversation: its head, its lines, the reply box.
import { html } from '../html.js';
import { clock, number, stateOf } from '../words.js';
import { button } from './controls.js';
import { icon } from './icons.js';
import { Log } from './log.js';
import { replyBox } from './reply.js';

export function conversation(app) {
  const call = app.board.calls.get(app.selected);
  if (!call) return empty(app);
  const v = call.view;
  const s = stateOf(v, app.now(), app.me.agent, app.closing.has(v.call));
  const mine = app.mine();
  return html`<section class="conversation" aria-labelledby="title" id="conversation" tabindex="-1" key="conversation">
    <div class=${`head tone-${s.tone}`}>
      <button type="button" class="button back" onClick=${() => app.back()}>‹ List</button>
      <h1 id="title">${number(v.caller)}</h1>
      <p class="state" id="state">${icon(s.icon)}<b>${s.word}</b> <span>${s.detail}</span></p>
      ${v.test && html`<p class="mark big">TEST — not an emergency</p>`}
      <div class="actions">${actions(app, v, mine)}</div>
    </div>
    ${v.idle_deadline && v.phase !== 'closed' && html`<p class="banner tone-late inner">${icon('late')}<span>Nobody has written for a while: this text <strong>closes in ${clock(Date.parse(v.idle_deadline) - app.now())}</strong>.</span>
      ${mine && button({ id: 'extend', key: 'extend', kind: 'alarm', onClick: () => app.extend(), children: 'Keep it open' })}</p>`}
    ${v.leg_state === 'broken' && v.phase !== 'closed' && html`<p class="banner tone-late inner">${icon('broken')}<span><strong>The line to the texter is broken.</strong> What you send waits until it is back.</span></p>`}
    <${Log} key=${v.call} app=${app} call=${call} />
    ${typingLine(app, call)}
    ${replyBox(app, v, mine)}
  </section>`;
}

function actions(app, v, mine) {
  if (v.phase === 'closed') return null;
  if (mine) {
    return html`
      ${button({ id: 'note', key: 'note', onClick: () => app.open('note'), children: 'Note' })}
      ${!v.idle_deadline && button({ id: 'extend', key: 'extend', onClick: () => app.extend(), children: 'Extend' })}
      ${button({ id: 'release', key: 'release', onClick: () => app.open('release'), children: 'Give back' })}
      ${button({ id: 'close', key: 'close', onClick: () => app.open('close'), children: 'Close…' })}`;
  }
  const asked = app.pendingFor('call.claim', v.call);
  return html`
    ${!v.holder && button({ id: 'claim', key: 'claim', kind: 'first ring', disabled: asked, onClick: () => app.claim(v.call), children: asked ? 'Claiming…' : 'Take this text' })}
    ${button({ id: 'note', key: 'note', onClick: () => app.open('note'), children: 'Note' })}`;
}

function typingLine(app, call) {
  const t = call.typing;
  const fresh = t && app.now() - Date.parse(t.at) < 60000 && t.agent !== app.me.agent;
  const who = t && (t.role === 'caller' ? 'Texter is typing…' : `${t.agent || 'Another taker'} is typing…`);
  return html`<p class="typing quiet" id="typing">${fresh ? who : ''}</p>`;
}

function empty(app) {
  const n = app.groups.waiting.length;
  return html`<section class="conversation none" id="conversation" tabindex="-1" aria-label="No text chosen" key="none">
    ${n ? html`<h1 class="tone-new lead">${icon('new')}<strong>${n} ${n === 1 ? 'text is' : 'texts are'} waiting.</strong></h1>
        <p>${button({ key: 'answer', kind: 'first ring', onClick: () => app.answerNext(), children: 'Answer next' })}</p>`
      : html`<h1 class="quiet lead">No text is waiting.</h1><p class="quiet">A new one rings until somebody answers it.</p>`}
  </section>`;
}
