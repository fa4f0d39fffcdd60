// How a session in JavaScript says what came out: the same lines as sessions/checks.py.

import { isDeepStrictEqual, inspect } from 'node:util';
import { readFileSync } from 'node:fs';

// What a failed check leaves behind is cleared by this.
let recover = async () => {};
export const onFailure = (action) => { recover = action; };

export function version(name) {
  const file = new URL(`./node_modules/${name}/package.json`, import.meta.url);
  console.log(`version ${name} ${JSON.parse(readFileSync(file)).version}`);
}

export async function check(name, action) {
  try {
    await action();
    console.log(`ok ${name}`);
  } catch (error) {
    const why = String(error?.message ?? error).replace(/\s+/g, ' ').slice(0, 400);
    console.log(`not ok ${name} # ${error?.name ?? 'Error'}: ${why}`);
    try { await recover(); } catch (trouble) { console.error('# after it:', trouble.message); }
  }
}

export function equal(actual, expected) {
  if (!isDeepStrictEqual(actual, expected)) {
    throw new Error(`${inspect(actual, { depth: 6, breakLength: Infinity })} instead of ${inspect(expected, { depth: 6, breakLength: Infinity })}`);
  }
}

export const answers = (name, ask, expected) => check(name, async () => equal(await ask(), expected));

export async function fails(action, fields) {
  let caught = null;
  try { await action(); } catch (error) { caught = error; }
  if (caught === null) throw new Error('no error');
  for (const [field, expected] of Object.entries(fields)) equal(caught[field], expected);
  return caught;
}

export const LONG = 'SELECT count(*) FROM generate_series(1, 100000000000)';
