// What a message carries. Words are shown; a picture only when asked for, because pictures can hurt;
// anything else as its type and size, so that it never hides that something came.
import { Component, html } from '../html.js';

export function content(l) {
  const c = l.content || {};
  if (c.text) return html`<p class="text" lang=${c.language || undefined} dir="auto">${c.text}</p>`;
  if (/^image\/(png|jpeg|gif|webp)$/i.test(c.content_type || '') && c.body) return html`<${Picture} content=${c} />`;
  return html`<p class="text placeholder">[${c.content_type || 'content of unknown type'}, ${size(c)}; it cannot be shown here]</p>`;
}

function size(c) {
  const n = c.size || (c.body ? Math.floor((c.body.length * 3) / 4) : 0);
  return n < 1024 ? `${n} bytes` : `${Math.round(n / 1024)} kB`;
}

class Picture extends Component {
  componentWillUnmount() {
    if (this.url) URL.revokeObjectURL(this.url);
  }

  show() {
    const c = this.props.content;
    if (!this.url) {
      const bytes = Uint8Array.from(atob(c.body), (x) => x.charCodeAt(0));
      this.url = URL.createObjectURL(new Blob([bytes], { type: c.content_type }));
    }
    this.setState({ open: !this.state.open });
  }

  render({ content: c }, { open }) {
    return html`<div class="picture">
      <button type="button" class="button" aria-expanded=${String(!!open)} onClick=${() => this.show()}>${open ? 'Hide picture' : `Show picture (${size(c)}); it may disturb`}</button>
      ${open && html`<img src=${this.url} alt="Picture sent by the texter" />`}
    </div>`;
  }
}
