// Who sits here. Asked once per tab.
import { html } from '../html.js';

export function login(app) {
  const token = app.login.need === 'token';
  const submit = (e) => {
    e.preventDefault();
    const f = new FormData(e.target);
    const of = (k) => (f.get(k) === null ? undefined : String(f.get(k)).trim());
    if (!token && !of('agent')) return;
    app.signIn({ agent: of('agent'), position: of('position'), psap: of('psap'), token: of('token') });
  };
  return html`<main class="login"><form onSubmit=${submit} aria-labelledby="logintitle">
    <h1 id="logintitle">text911 call taker</h1>
    ${app.login.error && html`<p class="tone-late" role="alert">${app.login.error}</p>`}
    <label for="agent">Your name or number</label>
    <input id="agent" name="agent" required maxlength="64" autocomplete="username" defaultValue=${app.me.agent} autofocus=${app.login.need === 'name'} />
    <label for="position">Position <span class="quiet">(may be empty)</span></label>
    <input id="position" name="position" maxlength="32" autocomplete="off" defaultValue=${app.me.position} />
    ${app.login.need === 'psap' && (app.login.psaps.length
      ? html`<label for="psap">PSAP</label><select id="psap" name="psap" required>${app.login.psaps.map((p) => html`<option key=${p}>${p}</option>`)}</select>`
      : html`<p class="tone-late" role="alert">This server serves no PSAP that you may work for.</p>`)}
    ${token && html`<label for="token">Token <span class="quiet">(from your administrator)</span></label>
      <input id="token" name="token" type="password" required autocomplete="current-password" />`}
    <button type="submit" id="signin" class="button first">Sign in and switch sound on <kbd>Enter</kbd></button>
  </form></main>`;
}
