// The reply box. What is in it stays in it until it is in the log.
import { html } from '../html.js';
import { label } from '../keys.js';
import { replies } from '../replies.js';
import { button } from './controls.js';
import { icon } from './icons.js';

export function replyBox(app, v, mine) {
  if (v.phase === 'closed') return html`<p class="foot quiet">This text is closed. Notes and lines stay in the log.</p>`;
  const d = app.drafts.get(v.call);
  if (!mine) {
    return html`<div class="foot">
      <p class="quiet">${v.holder ? `With ${v.holder}. You are reading only.` : 'You are reading only. Take the text to answer it.'}</p>
      ${d && html`<p class="tone-late">${icon('failed')}Unsent: ${d.text}</p>`}
    </div>`;
  }
  const text = d ? d.text : '';
  const onKey = (e) => {
    if (e.key === 'Enter' && !e.shiftKey && !e.altKey && !e.ctrlKey && !e.metaKey && !e.isComposing) {
      e.preventDefault();
      if (!e.repeat) app.send();
    }
  };
  return html`<form class="reply" onSubmit=${(e) => { e.preventDefault(); app.send(); }}>
    ${d && d.unsent && html`<p class="unsent tone-late" id="unsent">${icon('failed')}<span><strong>UNSENT.</strong> ${unsent(app, d.unsent)}</span></p>`}
    ${v.messages_out ? null : first(app)}
    <label for="reply">Reply to texter <span class="quiet">${label('reply')}</span></label>
    <div class="row">
      <textarea id="reply" rows="2" maxlength="8000" value=${text} onInput=${(e) => app.draft(e.target.value)} onKeyDown=${onKey}
        aria-keyshortcuts="Alt+R" aria-describedby="replyhint" autocomplete="off" enterkeyhint="send"></textarea>
      <div class="side">
        <button type="submit" id="send" class="button first" disabled=${!text.trim()}><span>Send</span> <kbd>Enter</kbd></button>
        ${button({ id: 'ready', key: 'ready', onClick: () => app.open('replies'), children: 'Ready-made' })}
      </div>
    </div>
    <p id="replyhint" class="quiet hint">${count(text)}Shift Enter makes a new line.</p>
  </form>`;
}

function unsent(app, why) {
  if (why !== 'no_connection') return `${why} Press Enter to send it again.`;
  return app.link.word === 'live' ? 'There was no connection. Press Enter to send it now.' : 'There is no connection. It stays here and goes only when you press Enter.';
}

// Until something was said, the usual first lines are offered in plain sight.
function first(app) {
  return html`<ul class="firsts" aria-label="Usual first lines">${replies.slice(0, 3).map((r) => html`<li key=${r.number}>
    <button type="button" class="button" onClick=${() => app.insert(r)} aria-keyshortcuts=${`Alt+${r.number}`}><span>${r.text}</span> <kbd>Alt ${r.number}</kbd></button></li>`)}</ul>`;
}

// The count matters because a long line reaches a phone as several.
function count(text) {
  if (!text) return '';
  const n = [...text].length;
  const plain = /^[\x20-\x7e\n\r£¥èéùìòÇØøÅåÄÖÑÜäöñüà§¿¡ß]*$/.test(text);
  const one = plain ? 160 : 70;
  const part = plain ? 153 : 67;
  const parts = n <= one ? 1 : Math.ceil(n / part);
  return `${n} characters${parts > 1 ? `, ${parts} parts on a phone` : ''}. `;
}
