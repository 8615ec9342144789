'use strict';

const answer = require('./answer');
const facts = require('./facts');
const { call } = require('./wire');

/** Ask a model once; `usual` is how much it thinks where nothing was chosen. */
const ask = async (z, bundle, messages, more = {}, usual = 'model') => {
  const { inputData } = bundle;
  const model = inputData.model || facts.defaults.chat;
  const less = (inputData.thinking || usual) === 'less' ? facts.thinkingLess(model) : {};
  const body = {
    model,
    messages,
    max_tokens: inputData.max_tokens || facts.longest_answer_tokens,
    ...(inputData.temperature === undefined ? {} : { temperature: inputData.temperature }),
    ...less,
    ...more,
  };
  return answer.read(z, await call(z, bundle, '/chat/completions', { body }), model);
};

const modelField = (trigger = 'chat_models', usual = facts.defaults.chat) => ({
  key: 'model',
  label: 'Model',
  type: 'string',
  dynamic: `${trigger}.id.label`,
  helpText: `Who answers; ${usual} if you choose nothing.`,
});

const settings = (thinking) => [
  modelField(),
  {
    key: 'thinking',
    label: 'Thinking',
    choices: { model: 'As the model does by itself', less: 'Less, or none: quicker and cheaper' },
    default: thinking,
    helpText: 'What the model thinks costs as much as what it says. It is returned apart, as "Reasoning".',
  },
  {
    key: 'max_tokens',
    label: 'Longest Answer (Tokens)',
    type: 'integer',
    default: String(facts.longest_answer_tokens),
    helpText: 'Thinking counts too. Zapier gives a step about 30 seconds: for long answers choose less thinking.',
  },
];

const outputs = [
  { key: 'text', label: 'Answer' },
  { key: 'reasoning', label: 'Reasoning' },
  { key: 'truncated', label: 'Cut at the Longest Answer', type: 'boolean' },
  { key: 'model', label: 'Model That Answered' },
  { key: 'input_tokens', label: 'Tokens Read', type: 'integer' },
  { key: 'output_tokens', label: 'Tokens Written', type: 'integer' },
  { key: 'reasoning_tokens', label: 'Tokens Thought', type: 'integer' },
  { key: 'cost_eur', label: 'Cost (EUR)', type: 'number' },
  { key: 'machine', label: 'Machine' },
  { key: 'request_id', label: 'Request ID' },
];

const sample = {
  text: 'Bonjour et bienvenue !',
  reasoning: 'The user wants a greeting in French.',
  truncated: false,
  model: facts.defaults.chat,
  input_tokens: 12,
  output_tokens: 18,
  reasoning_tokens: 10,
  cost_eur: 0.000166,
  machine: 'ma02',
  request_id: 'req-0123456789abcdef',
};

module.exports = { ask, modelField, settings, outputs, sample };
