/** Four accounts with 50 each are read one after the other, while others go on working. Two simple walks, two wrong reports. */

const accounts = (): Map<string, number> => new Map(['alice', 'bob', 'carol', 'dave'].map(name => [name, 50]));

/** Walk over the sorted names; `meanwhile` happens after the first has been read. */
function report(title: string, balances: Map<string, number>, meanwhile: (names: string[]) => void): void {
  const names = [...balances.keys()].sort();
  const read: string[] = [];
  let total = 0;
  for (let at = 0; at < names.length; at++) {
    const name = names[at]!;
    read.push(`${name} ${balances.get(name)}`);
    total += balances.get(name)!;
    if (at === 0) meanwhile(names);
  }
  console.log(`${title}\n  ${read.join(', ')}: ${total}`);
}

const first = accounts();
report('alice leaves, and takes her 50 along', first, names => {
  first.delete('alice');
  names.splice(names.indexOf('alice'), 1);
});

const second = accounts();
report('dave pays 30 to alice', second, () => {
  second.set('dave', 20);
  second.set('alice', 80);
});
