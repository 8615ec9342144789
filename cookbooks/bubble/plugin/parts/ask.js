const { instructions, question } = properties;
const system = instructions ? [{ role: 'system', content: instructions }] : [];
return await ask([...system, { role: 'user', content: question }], {}, 'model');
