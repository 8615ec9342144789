'use strict';

const cards = require('../lib/cards');
const { defaults } = require('../lib/facts');
const { models } = require('../lib/wire');

/** Make the hidden trigger that fills the dropdown of one kind of models. */
const picker = (kind) => ({
  key: `${kind}_models`,
  noun: 'Model',
  display: { label: `List Models (${kind})`, description: `Fills the dropdown of ${kind} models.`, hidden: true },
  operation: {
    perform: async (z, bundle) =>
      (await models(z, bundle)).map(cards.card).filter(cards.isOfKind(kind)).sort(cards.byUse(defaults[kind])),
    sample: { id: defaults[kind], label: defaults[kind] },
    outputFields: [
      { key: 'id', label: 'Model', primary: true },
      { key: 'label', label: 'Description' },
    ],
  },
});

module.exports = { picker };
