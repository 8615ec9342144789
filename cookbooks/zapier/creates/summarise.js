'use strict';

const chat = require('../lib/chat');
const { instructions } = require('../lib/facts');

const { forms, languages, frame } = instructions.summarise;
const CAREFUL = 0.2;

/** Return the messages that ask for a summary, instructions in the language of the answer. */
const messages = ({ text, form = 'bullets', language = 'same' }) => {
  const { instructions: tongue, says } = languages[language] || { instructions: 'en', says: language };
  const system = instructions.summarise[tongue]
    .replace('%language%', () => says)
    .replace('%form%', () => forms[form][tongue]);
  return [
    { role: 'system', content: system },
    { role: 'user', content: frame[tongue].replace('%text%', () => text) },
  ];
};

const perform = (z, bundle) => chat.ask(z, bundle, messages(bundle.inputData), { temperature: CAREFUL }, 'less');

const labels = Object.fromEntries(Object.entries(forms).map(([key, { label }]) => [key, label]));

module.exports = {
  key: 'summarise',
  noun: 'Summary',
  display: { label: 'Summarise a Text', description: 'Summarises a text faithfully, in French, in English or in its own language.' },
  operation: {
    perform,
    inputFields: [
      { key: 'text', label: 'Text', type: 'text', required: true },
      { key: 'form', label: 'Form', choices: labels, default: 'bullets' },
      {
        key: 'language',
        label: 'Language of the Summary',
        choices: { same: 'As the text', fr: 'Français', en: 'English' },
        default: 'same',
      },
      ...chat.settings('less'),
    ],
    outputFields: chat.outputs,
    sample: { ...chat.sample, text: '- The server moves on 3 March.\n- Ana tells the customers by Friday.' },
  },
};
