'use strict';

const chat = require('../lib/chat');

const perform = (z, bundle) => {
  const { instructions, prompt } = bundle.inputData;
  const system = instructions ? [{ role: 'system', content: instructions }] : [];
  return chat.ask(z, bundle, [...system, { role: 'user', content: prompt }]);
};

module.exports = {
  key: 'chat',
  noun: 'Answer',
  display: { label: 'Ask a Model', description: 'Asks a model a question and returns its answer, its reasoning and its cost.' },
  operation: {
    perform,
    inputFields: [
      { key: 'prompt', label: 'Question', type: 'text', required: true, helpText: 'What you ask. Insert data of earlier steps.' },
      { key: 'instructions', label: 'Instructions', type: 'text', helpText: 'How to answer: role, tone, length, language.' },
      { key: 'temperature', label: 'Temperature', type: 'number', helpText: 'From 0 (always alike) to 2 (surprising).' },
      ...chat.settings('model'),
    ],
    outputFields: chat.outputs,
    sample: chat.sample,
  },
};
