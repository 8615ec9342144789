'use strict';

const cards = require('../lib/cards');
const hydrators = require('../hydrators');
const { defaults } = require('../lib/facts');
const { models } = require('../lib/wire');

const perform = async (z, bundle) => {
  const { name = '', category, needs = [] } = bundle.inputData;
  const found = (await models(z, bundle)).filter((one) => answersTo(one, name.toLowerCase())).map(cards.card);
  return found
    .filter((one) => (!category || one.category === category) && [].concat(needs).every((need) => one[need] === true))
    .sort(cards.byUse(defaults[category] || defaults.chat))
    .map((one) => ({ ...one, names: z.dehydrate(hydrators.modelNames, { id: one.id }) }));
};

const answersTo = ({ id, aliases }, part) => [id, ...(aliases || [])].some((name) => name.toLowerCase().includes(part));

module.exports = {
  key: 'model',
  noun: 'Model',
  display: { label: 'Find Model', description: 'Finds the models that your key may use, by name, kind and ability.' },
  operation: {
    perform,
    inputFields: [
      { key: 'name', label: 'Name', helpText: 'A part of the name, also of an old name that is redirected.' },
      {
        key: 'category',
        label: 'Kind',
        choices: ['chat', 'vision', 'code', 'embedding', 'rerank', 'safety', 'translation', 'transcription', 'speech', 'audio', 'image'],
      },
      {
        key: 'needs',
        label: 'Must Have',
        list: true,
        choices: { reasoning: 'Thinking', vision: 'Images', tools: 'Tools', long_term_support: 'Long-term support' },
      },
    ],
    outputFields: [
      { key: 'id', label: 'Model', primary: true },
      { key: 'label', label: 'Description' },
      { key: 'category', label: 'Kind' },
      { key: 'context', label: 'Tokens It Can Read', type: 'integer' },
      { key: 'reasoning', label: 'Thinks', type: 'boolean' },
      { key: 'vision', label: 'Sees Images', type: 'boolean' },
      { key: 'tools', label: 'Uses Tools', type: 'boolean' },
      { key: 'long_term_support', label: 'Long-Term Support', type: 'boolean' },
      { key: 'end_of_support', label: 'End of Support' },
      { key: 'names', label: 'Other Names (Fetched When Used)' },
    ],
    sample: {
      id: defaults.chat,
      label: `${defaults.chat} (thinks, until 2027-12-30)`,
      category: 'chat',
      context: 131072,
      reasoning: true,
      vision: false,
      tools: true,
      long_term_support: true,
      end_of_support: '2027-12-30',
    },
  },
};
