const words = FACTS.instructions.summarise;
const { instructions: tongue, says } = words.languages[properties.language || 'same'];
const form = words.forms[properties.form || 'bullets'][tongue];
const system = words[tongue].replace('%language%', () => says).replace('%form%', () => form);
const user = words.frame[tongue].replace('%text%', () => properties.text);
return await ask([{ role: 'system', content: system }, { role: 'user', content: user }], { temperature: 0.2 }, 'less');
