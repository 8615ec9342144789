'use strict';

const { address } = require('./lib/address');
const { models } = require('./lib/wire');

/** List the models: the cheapest call that needs the key. What it returns is shown; the key is not. */
const test = async (z, bundle) => ({
  host: new URL(address(z, bundle.authData.base_url)).host,
  models: (await models(z, bundle)).length,
});

/** Name a connection by what the test returned, so that two of them can be told apart. */
const connectionLabel = (z, { inputData: { host, models: count } }) => `LLMaaS at ${host} (${count} models)`;

module.exports = {
  type: 'custom',
  test,
  connectionLabel,
  fields: [
    {
      key: 'api_key',
      label: 'API Key',
      type: 'password',
      required: true,
      helpText: 'Cloud Temple Console, LLMaaS, API keys. It is shown once: copy it when you make it.',
    },
    {
      key: 'base_url',
      label: 'Base URL',
      required: false,
      helpText: 'Leave it empty, unless you were given an address of your own.',
    },
  ],
};
