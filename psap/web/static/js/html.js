// The view library, bound once. Data only ever goes in as children or attributes, never as markup.
import { Component, createRef, h, render } from '/vendor/preact.js';
import htm from '/vendor/htm.js';

export const html = htm.bind(h);
export { Component, createRef, render };
