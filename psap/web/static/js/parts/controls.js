// Buttons that show their shortcut.
import { html } from '../html.js';
import { aria, label } from '../keys.js';

export function button({ id, key, onClick, disabled, kind, children, pressed, title }) {
  const shown = key ? label(key) : '';
  return html`<button type="button" id=${id} class=${`button ${kind || ''}`} onClick=${onClick} disabled=${disabled}
    aria-keyshortcuts=${key ? aria(key) : undefined} aria-pressed=${pressed === undefined ? undefined : String(pressed)} title=${title}>
    <span>${children}</span>${shown && html` <kbd>${shown}</kbd>`}
  </button>`;
}
