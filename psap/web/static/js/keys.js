// Shortcuts. All have Alt or are function keys, so no letter typed ever acts (WCAG 2.1.4) and they
// work in the reply box too. Matched by place on the keyboard: Alt makes other letters on some. Pure.

export const shortcuts = [
  { id: 'answer', keys: ['F2', 'Alt+A'], text: 'Answer the text that waits longest' },
  { id: 'claim', keys: ['Alt+T'], text: 'Take the text that is shown' },
  { id: 'next', keys: ['Alt+ArrowDown'], text: 'Next text in the list' },
  { id: 'previous', keys: ['Alt+ArrowUp'], text: 'Previous text in the list' },
  { id: 'oldest', keys: ['Alt+O'], text: 'Show the text that waits longest' },
  { id: 'mine', keys: ['Alt+J'], text: 'Jump to my text with new lines' },
  { id: 'reply', keys: ['Alt+R'], text: 'Go to the reply box' },
  { id: 'send', keys: ['Enter'], text: 'Send (in the reply box; Shift+Enter makes a new line)', local: true },
  { id: 'ready', keys: ['Alt+Q'], text: 'Ready-made replies, by number or search' },
  { id: 'quick', keys: ['Alt+1 … 9'], text: 'Put ready-made reply 1 to 9 into the reply box', local: true },
  { id: 'note', keys: ['Alt+M'], text: 'Add a note (the texter never sees it)' },
  { id: 'extend', keys: ['Alt+X'], text: 'Keep a silent text open' },
  { id: 'release', keys: ['Alt+B'], text: 'Give the text back to the queue' },
  { id: 'close', keys: ['Alt+C'], text: 'Close the text with a reason' },
  { id: 'silence', keys: ['F8', 'Alt+S'], text: 'Silence for 30 seconds, or end the silence' },
  { id: 'pause', keys: ['Alt+P'], text: 'Pause, or be ready again' },
  { id: 'details', keys: ['Alt+I'], text: 'Go to caller and location' },
  { id: 'help', keys: ['F1', 'Alt+H'], text: 'This list' },
  { id: 'escape', keys: ['Escape'], text: 'Leave a dialog', local: true },
];

const byChord = new Map(shortcuts.filter((s) => !s.local).flatMap((s) => s.keys.map((k) => [k, s.id])));

// match → {id} or {id: "quick", number} or null for a keydown event.
export function match(e) {
  if (e.ctrlKey || e.metaKey || e.shiftKey || e.isComposing) return null;
  const key = place(e);
  if (!e.altKey) {
    const id = /^F\d+$/.test(key) ? byChord.get(key) : null;
    return id ? { id } : null;
  }
  if (/^[1-9]$/.test(key)) return { id: 'quick', number: Number(key) };
  const id = byChord.get(`Alt+${key}`);
  return id ? { id } : null;
}

function place(e) {
  const m = /^(?:Key([A-Z])|Digit(\d)|Numpad(\d))$/.exec(e.code || '');
  return m ? m[1] || m[2] || m[3] : e.key;
}

const marks = { ArrowDown: '↓', ArrowUp: '↑', Escape: 'Esc' };

// label is what the control shows: "Alt ↓".
export function label(id) {
  const s = shortcuts.find((x) => x.id === id);
  return s ? chord(s.keys[0]) : '';
}

export function chord(keys) {
  return keys.split('+').map((k) => marks[k] || k).join(' ');
}

// aria is the same for aria-keyshortcuts.
export function aria(id) {
  const s = shortcuts.find((x) => x.id === id);
  return s && !s.local ? s.keys.join(' ') : undefined;
}
