// The lines of a conversation, as they came. It stays at the newest line unless the person reads
// further up; then it says how many came below.
import { Component, createRef, html } from '../html.js';
import { best, closedWords, deliveryOf, methodWords, metres, reasonWords, timeOf } from '../words.js';
import { icon } from './icons.js';
import { content } from './content.js';

const near = 48;

export class Log extends Component {
  constructor() {
    super();
    this.box = createRef();
    this.bottom = true;
    this.below = 0;
    this.onScroll = () => {
      const was = this.bottom;
      const b = this.box.current;
      this.bottom = b.scrollHeight - b.scrollTop - b.clientHeight < near;
      if (this.bottom && (!was || this.below)) {
        this.below = 0;
        this.forceUpdate();
      }
    };
  }

  componentDidMount() {
    this.count = this.lines().length;
    this.toBottom();
    this.report();
  }

  componentDidUpdate() {
    const n = this.lines().length;
    if (this.bottom) this.toBottom();
    else if (n > this.count) this.below += n - this.count;
    this.count = n;
    this.report();
  }

  lines() {
    return this.props.call.lines.list;
  }

  toBottom() {
    const b = this.box.current;
    if (b) b.scrollTop = b.scrollHeight;
  }

  // report: a line of the texter's that is in front of a person is told to the server. Lines further
  // up than the newest were scrolled over; those below a reader who scrolled up were not seen.
  report() {
    if (document.visibilityState !== 'visible' || !this.bottom) return;
    for (const l of this.lines()) if (l.kind === 'message.received' && !l.shown) this.props.app.shown(l.message);
  }

  render({ app, call }) {
    const pending = app.pendingLines(call.view.call);
    return html`<div class="log" ref=${this.box} onScroll=${this.onScroll} tabindex="0" role="region" aria-label="Conversation" id="log">
      ${!call.whole && html`<p class="quiet">Loading what was said before…</p>`}
      <ol>
        ${call.lines.list.map((l) => line(app, l))}
        ${pending.map((e) => line(app, { key: e.id, kind: 'message.queued', who: 'taker', agent: app.me.agent, at: e.at, content: { text: e.data.text }, state: 'pending' }))}
      </ol>
      ${!this.bottom && this.below > 0 && html`<button type="button" class="button first newer" onClick=${() => { this.bottom = true; this.below = 0; this.forceUpdate(); }}>${this.below} new below ↓</button>`}
    </div>`;
  }
}

function line(app, l) {
  if (l.who === 'system') return system(app, l);
  if (l.who === 'note') {
    return html`<li class="line note" key=${l.key}><p class="by">${icon('note')}<b>Note by ${l.agent === app.me.agent ? 'you' : l.agent}</b> <span class="quiet">never sent</span> <time>${timeOf(l.at)}</time></p><p class="text" dir="auto">${l.text}</p></li>`;
  }
  const [who, name, shape] = author(app, l);
  return html`<li class=${`line ${who} ${l.state === 'failed' ? 'failed' : ''}`} key=${l.key} data-message=${l.message} data-state=${l.state}>
    <p class="by">${icon(shape)}<b>${name}</b>${l.number ? html` <span class="quiet">#${l.number}</span>` : ''} <time>${timeOf(l.at)}</time>
      ${l.late && html` <span class="mark late">${icon('late')}LATE${l.claimed ? `, written ${timeOf(l.claimed)}` : ''}</span>`}
      ${l.duplicate && html` <span class="mark">SENT AGAIN</span>`}
      ${l.quarantined && html` <span class="mark late">${icon('failed')}COULD NOT BE READ${l.cause ? ` — ${reasonWords(l.cause.reason)}` : ''}</span>`}
    </p>
    ${content(l)}
    ${l.state && l.who !== 'caller' && delivery(l)}
    ${l.state === 'failed' && l.content.text && app.mine() && html`<button type="button" class="small" onClick=${() => app.again(l.content.text)}>Put into the reply box again</button>`}
  </li>`;
}

function author(app, l) {
  if (l.who === 'caller') return ['texter', 'Texter', 'owed'];
  if (l.who === 'machine') return ['machine', 'Machine', 'machine'];
  return l.agent === app.me.agent ? ['you', 'You', 'mine'] : ['other', `Taker ${l.agent || ''}`.trim(), 'other'];
}

function delivery(l) {
  const d = deliveryOf(l);
  return html`<p class=${`delivery tone-${d.tone}`}>${icon(d.icon)}<span>${d.word}</span></p>`;
}

const who = (app, agent) => (agent === app.me.agent ? 'you' : agent || 'the system');

const sentences = {
  'call.offered': (app, d) => `Text arrived${d.test ? ' as a test' : ''}`,
  'call.claimed': (app, d) => `Claimed by ${who(app, d.agent)}${d.position ? `, position ${d.position}` : ''}`,
  'call.released': (app, d) => `Given back (${reasonWords(d.reason || '')}); was with ${who(app, d.agent)}`,
  'call.closed': (app, d) => `Closed ${closedWords({ closed_by: d.by, cause: d.cause, abandoned: d.abandoned })}`,
  'call.idle_warning': (app, d) => `Nobody writes: closes at ${timeOf(d.deadline)}`,
  'call.extended': (app, d) => `Kept open by ${who(app, d.agent)}`,
  'leg.broken': () => 'Line to the texter broken',
  'leg.established': () => 'Line to the texter is back',
  'location.failed': () => 'No location to be had',
  'location.updated': (app, d) => place(d.location || {}),
};

function place(l) {
  const b = best({ locations: [l] });
  const what = b.civic || (b.latitude ? `${b.latitude}, ${b.longitude}` : 'by reference');
  return `New location: ${what} (${l.default ? 'DEFAULT, not the caller’s' : methodWords(l)}${l.radius_m ? `, ± ${metres(l.radius_m)}` : ''})`;
}

function system(app, l) {
  const s = sentences[l.kind];
  return html`<li class="line system" key=${l.key}><p><time>${timeOf(l.at)}</time> ${s ? s(app, l.data) : l.kind}</p></li>`;
}
