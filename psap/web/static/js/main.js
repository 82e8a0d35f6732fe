// Starts the page: reads who sits here, draws, listens to keys.
import { html, render } from './html.js';
import { App } from './app.js';
import { match } from './keys.js';
import { everySecond } from './wire.js';
import { banners, header, notice } from './parts/header.js';
import { list } from './parts/list.js';
import { conversation } from './parts/conversation.js';
import { details } from './parts/details.js';
import { dialogs } from './parts/dialogs.js';
import { login } from './parts/login.js';

const root = document.getElementById('app');
const politely = document.getElementById('polite');
const loudly = document.getElementById('assertive');

root.replaceChildren();

function me() {
  let kept = {};
  try {
    kept = JSON.parse(sessionStorage.getItem('text911.me') || '{}');
  } catch { /* nothing kept */ }
  const q = new URLSearchParams(location.search);
  const of = (k) => q.get(k) || kept[k] || '';
  return { agent: of('agent'), position: of('position'), psap: of('psap') };
}

function speak(box, most) {
  return (text) => {
    const p = document.createElement('p');
    p.textContent = text;
    box.append(p);
    while (box.childElementCount > most) box.firstElementChild.remove();
  };
}

let owed = false; // a drawing
function draw(now) {
  if (now || document.visibilityState !== 'visible') return paint();
  if (owed) return undefined;
  owed = true;
  return requestAnimationFrame(() => owed && paint());
}

function paint() {
  owed = false;
  document.title = app.tab;
  document.documentElement.dataset.sound = app.ring.sound;
  document.documentElement.dataset.link = app.link.word;
  render(app.login ? login(app) : screen(), root);
  if (wanted && !app.dialog) {
    const el = (places[wanted] || [wanted]).map((id) => document.getElementById(id)).find(Boolean);
    wanted = null;
    if (el) el.focus();
  }
}

function screen() {
  return html`<div class=${`screen ${app.selected ? 'one' : 'all'}`}>
    ${header(app)}
    ${banners(app)}
    ${notice(app)}
    <main class="work">
      ${list(app)}
      ${conversation(app)}
      ${details(app)}
    </main>
    ${dialogs(app)}
  </div>`;
}

let wanted = null;
const places = { reply: ['reply', 'conversation'], conversation: ['log', 'conversation'], details: ['details'] };

// focus goes to a place with the next drawing.
function focus(where) {
  wanted = where;
  app.changed();
}

const channel = new MessageChannel();
let work = [];
channel.port1.onmessage = () => {
  const now = work;
  work = [];
  now.forEach((f) => f());
};
const soon = (f) => {
  work.push(f);
  channel.port2.postMessage(0);
};

const app = new App({ render: draw, polite: speak(politely, 8), assertive: speak(loudly, 3), focus, soon, me: me() });

const acts = {
  answer: () => app.answerNext(),
  claim: () => { const v = app.view(); if (v && !v.holder && v.phase !== 'closed') app.claim(v.call); },
  next: () => app.step(1),
  previous: () => app.step(-1),
  oldest: () => app.oldest(),
  mine: () => app.nextMine(),
  reply: () => focus('reply'),
  ready: () => app.open('replies'),
  quick: ({ number }) => app.quick(number),
  note: () => app.open('note'),
  extend: () => app.extend(),
  release: () => app.open('release'),
  close: () => app.open('close'),
  silence: () => app.silence(),
  pause: () => app.toggleReady(),
  details: () => { app.details = true; app.changed(); focus('details'); },
  help: () => app.open('help'),
};

const inDialogs = new Set(['silence', 'help']);

function onKey(e) {
  app.acted();
  const m = match(e);
  if (!m || app.login || !acts[m.id]) return;
  e.preventDefault();
  if (e.repeat && m.id !== 'next' && m.id !== 'previous') return;
  if (app.dialog && !inDialogs.has(m.id)) return;
  acts[m.id](m);
}

document.addEventListener('keydown', (e) => {
  onKey(e);
  app.flush();
});
document.addEventListener('click', () => app.flush());
document.addEventListener('pointerdown', () => app.acted());
document.addEventListener('visibilitychange', () => {
  app.link.doubt();
  app.changed();
});
globalThis.addEventListener('online', () => app.link.doubt());
globalThis.addEventListener('offline', () => app.link.doubt());
globalThis.addEventListener('pageshow', () => app.link.doubt());
globalThis.addEventListener('beforeunload', (e) => {
  if (app.drafts.size > 0 || app.groups.mine.length > 0) e.preventDefault();
});

everySecond(() => app.tick());
app.look();
app.start();

