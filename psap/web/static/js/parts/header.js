// The strip on top: who I am, whether I see what is going on, who waits, and the sound.
import { html } from '../html.js';
import { timeOf } from '../words.js';
import { icon } from './icons.js';
import { button } from './controls.js';

const words = {
  connecting: ['catching', 'CONNECTING', 'wait'],
  live: ['live', 'LIVE', 'delivered'],
  catching: ['catching', 'CATCHING UP', 'new'],
  blind: ['blind', 'BLIND', 'late'],
  stopped: ['blind', 'STOPPED', 'late'],
};

export function link(app) {
  const [shape, word, tone] = words[app.link.word];
  const since = app.link.word === 'blind' || app.link.word === 'stopped' ? ` since ${timeOf(app.link.since)}` : '';
  return html`<p class=${`link tone-${tone}`} id="link" data-word=${app.link.word}>${icon(shape)}<strong>${word}${since}</strong></p>`;
}

export function header(app) {
  const waiting = app.groups.waiting.length;
  const left = Math.ceil((app.silencedUntil - app.now()) / 1000);
  return html`<header class="top">
    ${link(app)}
    <p class="who"><b>${app.me.agent}</b>${app.me.position && html`, position ${app.me.position}`} <span class="quiet">${app.me.psap}</span></p>
    <p class=${`count ${waiting ? 'tone-new' : 'quiet'}`} id="waiting">${icon('new')}<strong>${waiting}</strong> waiting</p>
    <div class="actions">
      ${button({ id: 'answer', key: 'answer', kind: waiting ? 'first ring' : '', disabled: !waiting, onClick: () => app.answerNext(), children: 'Answer next' })}
      ${button({ id: 'pause', key: 'pause', pressed: !app.ready, onClick: () => app.toggleReady(), children: app.ready ? 'Ready' : 'Paused: no ringing' })}
      ${!app.sounds.can
        ? html`<button type="button" id="sound" class="button alarm" onClick=${() => app.acted()}>${icon('mute')}<span>Enable sound</span></button>`
        : button({ id: 'silence', key: 'silence', pressed: left > 0, onClick: () => app.silence(), children: left > 0 ? `Silent for ${left} s` : 'Silence 30 s' })}
      ${button({ id: 'help', key: 'help', onClick: () => app.open('help'), children: 'Help' })}
    </div>
  </header>`;
}

// banners are what must be read before anything else, one below the other, never over the work.
export function banners(app) {
  const list = [];
  if (app.link.word === 'blind') {
    list.push(html`<p class="banner tone-late" key="blind">${icon('blind')}<span><strong>Blind since ${timeOf(app.link.since)}.</strong> Nothing on this screen is new. New texts may be waiting. What you type stays in the box. Reconnecting by itself.</span></p>`);
  }
  if (app.link.word === 'stopped' && !app.login) {
    const code = app.stopped && app.stopped.code;
    const why = { 4010: 'This place was opened on another screen or tab.', 4003: 'This screen is not allowed to take texts.', 4004: 'The login was refused.', 4012: 'This page is of another version than the server. Reload it.' };
    list.push(html`<p class="banner tone-late" key="stopped">${icon('blind')}<span><strong>Stopped.</strong> ${why[code] || 'The server ended the connection and does not want it back.'} ${code ? `(${code})` : ''}</span>
      <button type="button" class="button" onClick=${() => location.reload()}>Reload</button>
      <button type="button" class="button" onClick=${() => app.forget()}>Sign in anew</button></p>`);
  }
  for (const [key, a] of app.board.alerts) {
    const tone = a.severity === 'alarm' ? 'late' : a.severity === 'warning' ? 'new' : 'quiet';
    const heard = a.severity !== 'alarm' || app.heardAlarms.has(key);
    list.push(html`<p class=${`banner tone-${tone}`} key=${key}>${icon('failed')}<span><strong>${a.severity === 'alarm' ? 'ALARM' : a.severity === 'warning' ? 'Warning' : 'Notice'}:</strong> ${a.sentence || a.alert}</span>
      ${!heard && html`<button type="button" class="button" onClick=${() => app.heardAlarm(key)}>Heard</button>`}</p>`);
  }
  if (!app.sounds.can && app.link.word !== 'connecting') {
    list.push(html`<p class="banner tone-new" key="sound">${icon('mute')}<span><strong>This screen cannot ring yet.</strong> Press any key or click once to switch sound on.</span></p>`);
  }
  return html`<section class="banners" id="banners" aria-label="Alarms and state">${list}</section>`;
}

export function notice(app) {
  const n = app.notice;
  if (!n || app.now() - n.at > 20000) return null;
  return html`<p role="note" class=${`notice tone-${n.tone}`} id="notice"><span>${n.text}</span>
    <button type="button" class="small" onClick=${() => { app.notice = null; app.changed(); }}>Dismiss</button></p>`;
}
