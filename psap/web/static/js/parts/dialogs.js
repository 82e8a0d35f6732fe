// Dialogs: ready-made replies, note, close, give back, help. Real <dialog> elements, so the browser
// keeps the focus inside and Escape leaves.
import { Component, createRef, html } from '../html.js';
import { chord, shortcuts } from '../keys.js';
import { closings, find } from '../replies.js';
import { button } from './controls.js';

export function dialogs(app) {
  const d = app.dialog;
  if (!d) return null;
  const f = { replies: readyMade, note, close, release, help }[d.kind];
  return html`<${Modal} key=${d.kind} name=${titles[d.kind]} onLeave=${() => app.closeDialog()}>${f(app, d)}<//>`;
}

const titles = { replies: 'Ready-made replies', note: 'Add a note', close: 'Close this text', release: 'Give this text back', help: 'Keyboard' };

class Modal extends Component {
  constructor() {
    super();
    this.ref = createRef();
  }

  componentDidMount() {
    const el = this.ref.current;
    el.addEventListener('cancel', (e) => {
      e.preventDefault();
      this.props.onLeave();
    });
    el.showModal();
    const first = el.querySelector('[data-first]');
    if (first) first.focus();
  }

  // close() gives the focus back while the dialog is still there; its removal then takes the caret
  // away and typing would go nowhere. So the focus is let go here and set once all is drawn.
  componentWillUnmount() {
    this.ref.current.close();
    if (document.activeElement) document.activeElement.blur();
  }

  render({ name, onLeave, children }) {
    return html`<dialog ref=${this.ref} aria-labelledby="dialogtitle">
      <div class="dialoghead"><h2 id="dialogtitle">${name}</h2><button type="button" class="button" onClick=${onLeave}>Leave <kbd>Esc</kbd></button></div>
      ${children}
    </dialog>`;
  }
}

// choose is the keyboard of a list one goes through with arrows and takes with Enter.
function choose(app, d, hits, take) {
  return (e) => {
    const by = { ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8 }[e.key];
    if (by && hits.length) {
      e.preventDefault();
      d.index = Math.max(0, Math.min(hits.length - 1, d.index + by));
      app.changed();
      queueMicrotask(() => requestAnimationFrame(() => document.querySelector('dialog [aria-selected=true]')?.scrollIntoView({ block: 'nearest' })));
    }
    if (e.key === 'Enter' && !e.isComposing) {
      e.preventDefault();
      if (!e.repeat && hits[d.index]) take(hits[d.index]);
    }
  };
}

function readyMade(app, d) {
  const hits = find(d.query);
  const take = (r) => app.insert(r);
  return html`<div class="pick">
    <label for="find">Number or words</label>
    <input id="find" data-first type="text" role="combobox" aria-expanded="true" aria-controls="hits" aria-autocomplete="list" autocomplete="off"
      aria-activedescendant=${hits[d.index] ? `hit${hits[d.index].number}` : undefined} value=${d.query}
      onInput=${(e) => { d.query = e.target.value; d.index = 0; app.changed(); }} onKeyDown=${choose(app, d, hits, take)} />
    <p class="quiet hint">Arrows choose, Enter puts it into the reply box. Nothing is sent yet.</p>
    ${hits.length === 0 && html`<p>No ready-made reply has these words.</p>`}
    <ul id="hits" role="listbox" aria-label="Ready-made replies" class="hits">
      ${hits.map((r, i) => html`<li key=${r.number} id=${`hit${r.number}`} role="option" lang=${r.lang} aria-selected=${String(i === d.index)} onClick=${() => take(r)}>
        <span class="num">${r.number}</span><span>${r.text}</span></li>`)}
    </ul>
  </div>`;
}

function note(app) {
  const call = app.selected;
  const text = app.noteDrafts.get(call) || '';
  const save = () => app.note(app.noteDrafts.get(call) || '');
  return html`<form class="pick" onSubmit=${(e) => { e.preventDefault(); save(); }}>
    <label for="notetext">Note for colleagues. The texter never sees it.</label>
    <textarea id="notetext" data-first rows="4" maxlength="4000" value=${text} onInput=${(e) => { app.noteDrafts.set(call, e.target.value); app.changed(); }}
      onKeyDown=${(e) => { if (e.key === 'Enter' && !e.shiftKey && !e.isComposing) { e.preventDefault(); if (!e.repeat) save(); } }}></textarea>
    <p><button type="submit" class="button first" disabled=${!text.trim()}>Save note <kbd>Enter</kbd></button></p>
  </form>`;
}

function close(app, d) {
  const take = (c) => app.closeCall(c.word);
  const keys = choose(app, d, closings, take);
  return html`<div class="pick" onKeyDown=${(e) => {
    if (/^[1-9]$/.test(e.key) && !e.altKey && !e.ctrlKey && closings[e.key - 1]) { d.index = e.key - 1; app.changed(); }
    keys(e);
  }}>
    <p id="closehint" class="hint">Why? A number or the arrows choose, Enter closes. The texter cannot answer after that.</p>
    <ul class="hits" role="listbox" data-first tabindex="0" aria-label="Reason" aria-describedby="closehint" aria-activedescendant=${`why${d.index + 1}`}>
      ${closings.map((c, i) => html`<li key=${c.word} id=${`why${c.number}`} role="option" aria-selected=${String(i === d.index)} onClick=${() => { d.index = i; app.changed(); }}>
        <span class="num">${c.number}</span><span>${c.text}</span></li>`)}
    </ul>
    <p><button type="button" id="closenow" class="button alarm" onKeyDown=${(e) => e.stopPropagation()} onClick=${() => take(closings[d.index])}>Close: ${closings[d.index].text}</button></p>
  </div>`;
}

function release(app) {
  return html`<div class="pick">
    <p>The text goes back to the queue and rings for everybody. What was said stays with it.</p>
    <p><button type="button" data-first class="button first" onClick=${() => app.release()}>Give back <kbd>Enter</kbd></button>
    ${' '}${button({ onClick: () => app.closeDialog(), children: 'Keep it' })}</p>
  </div>`;
}

function help(app) {
  return html`<div class="pick">
    <p>Everything works without a mouse. Letters alone never do anything, so typing is always safe.</p>
    <table><thead><tr><th scope="col">Key</th><th scope="col">What it does</th></tr></thead>
      <tbody>${shortcuts.map((s) => html`<tr key=${s.id}><td>${s.keys.map((k, i) => html`${i ? ' or ' : ''}<kbd>${chord(k)}</kbd>`)}</td><td>${s.text}</td></tr>`)}</tbody></table>
    <h3>Signs</h3>
    <p>A line is <em>queued</em>, then <em>sent</em>, <em>accepted by network</em>, and <em>delivered to phone</em> only with proof. That it was read is never known. <em>Unknown</em> means no proof either way.</p>
    <p class="quiet">text911 at ${app.me.psap}${app.server && app.server.version ? `, version ${app.server.version}` : ''}.
      ${' '}<button type="button" class="button" onClick=${() => app.forget()}>Sign out</button></p>
  </div>`;
}
