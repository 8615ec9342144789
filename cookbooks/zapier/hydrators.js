'use strict';

const { plain } = require('./lib/errors');
const { models } = require('./lib/wire');

/** Fetch the names that a model answers to, only when a later step asks for them. */
const modelNames = async (z, bundle) => {
  const { id } = bundle.inputData;
  const found = (await models(z, bundle)).find((one) => one.id === id);
  if (!found) throw plain(z, `LLMaaS no longer lists the model ${id}.`, 'model_not_found', 404);
  return { id, root: found.root || null, aliases: (found.aliases || []).filter((name) => name !== id) };
};

module.exports = { modelNames };
