// Ready-made lines, in the order a text usually goes: where, can you call, what, who, then the rest.
// One question each: two at once get mixed-up answers. Pure.

export const replies = [
  { text: '911, where is your emergency?' },
  { text: 'Can you safely make a voice call?' },
  { text: 'What is the exact address? Please give the city too.' },
  { text: 'What is happening?' },
  { text: 'Is anybody hurt?' },
  { text: 'Are you in a safe place right now?' },
  { text: 'Are there any weapons?' },
  { text: 'What is your name?' },
  { text: 'Help is on the way.' },
  { text: 'Are you still there?' },
  { text: 'Please keep your phone on and silent. I will keep texting with you.' },
  { text: 'If it is not safe to write, answer only YES or NO.' },
  { text: 'What floor or apartment are you in?' },
  { text: 'What can you see near you, such as a street sign or a shop?' },
  { text: 'How many people are there with you?' },
  { text: 'What does the person look like?' },
  { text: 'What does the vehicle look like?' },
  { text: 'Is the patient awake?' },
  { text: 'Is the patient breathing?' },
  { text: 'I did not understand. Please write it in other words, without abbreviations.' },
  { text: 'I cannot see pictures or videos. Please describe it in words.' },
  { text: 'If you did not mean to text 911, please tell me that all is well.' },
  { text: 'This conversation ends now. Text or call 911 again if you need help.' },
  { text: '911, ¿dónde está su emergencia?', lang: 'es' },
  { text: '¿Puede hacer una llamada de voz sin peligro?', lang: 'es' },
  { text: '¿Qué está pasando?', lang: 'es' },
  { text: 'La ayuda va en camino.', lang: 'es' },
].map((r, i) => ({ number: i + 1, lang: 'en', ...r }));

// find: a number finds that line first and lines whose number begins with it; words find lines that
// have all of them, whatever the accents.
export function find(query) {
  const q = plain(query).trim();
  if (!q) return replies;
  if (/^\d+$/.test(q)) {
    const hits = replies.filter((r) => String(r.number).startsWith(q));
    return hits.sort((a, b) => (String(a.number) === q ? -1 : String(b.number) === q ? 1 : a.number - b.number));
  }
  const words = q.split(/\s+/);
  return replies.filter((r) => words.every((w) => plain(r.text).includes(w) || r.lang === w));
}

function plain(s) {
  return s.normalize('NFD').replace(/[\u0300-\u036f]/g, '').toLowerCase();
}

// Why a text is closed. The words go into the log; the sentences are for the taker.
export const closings = [
  { word: 'help_sent', text: 'Help was sent' },
  { word: 'went_to_voice', text: 'Went on by voice' },
  { word: 'known_event', text: 'Event already known' },
  { word: 'information', text: 'Information only' },
  { word: 'no_emergency', text: 'No emergency' },
  { word: 'by_mistake', text: 'Texted by mistake' },
  { word: 'no_answer', text: 'Texter does not answer' },
  { word: 'test', text: 'Test' },
].map((r, i) => ({ number: i + 1, ...r }));
