'use strict';

/** What is known of models and prices: written by cookbooks/nocode/facts.py, never by hand. */
const facts = require('../data/facts.json');

const of = (model) => facts.models[model] || facts.models[facts.successors[model]];

/** The name of the model that answers in the place of an old one, or undefined. */
const successor = (model) => facts.successors[model];

/** Parameters that make a model think less; none where that is not known to be safe. */
const thinkingLess = (model) => {
  const name = `${model} ${successor(model) || ''}`.toLowerCase();
  const rule = facts.thinking.less.find((one) => name.includes(one.name_holds));
  return rule ? rule.send : {};
};

module.exports = { ...facts, of, successor, thinkingLess };
