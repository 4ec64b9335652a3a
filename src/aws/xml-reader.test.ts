// Tests of the XML reader: what is well-formed, and what is not.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseXml } from './xml-reader.ts';
import { escapeText } from './xml-writer.ts';

test('elements, attributes, references, comments and CDATA are read', () => {
  const root = parseXml(
    '<?xml version="1.0"?>\n<!-- c --><s:A xmlns:s="u" x=\'1 &lt; "2"\'><B>a &amp; &#x41;&#66;</B><B><![CDATA[<raw> & ]]></B><C/></s:A>\n',
  );
  assert.equal(root?.name, 'A');
  assert.equal(root.attributes.get('x'), '1 < "2"');
  assert.deepEqual(
    root.children.map((child) => [child.name, child.text]),
    [
      ['B', 'a & AB'],
      ['B', '<raw> & '],
      ['C', ''],
    ],
  );
});

const malformed = [
  '',
  'text',
  '<a>',
  '<a></b>',
  '<a></a><b></b>',
  '<a></a>x',
  '</a>',
  '<a><b></a></b>',
  '<a b></a>',
  '<a b=1></a>',
  '<a b="1" b="2"></a>',
  '<a>&unknown;</a>',
  '<a>&amp</a>',
  '<a>& b</a>',
  '<a>&#x110000;</a>',
  '<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>',
  '<a><!-- </a>',
  '<a',
  '<a>'.repeat(10_000),
];

for (const text of malformed) {
  test(`${text.slice(0, 40) || 'nothing'} is not well-formed`, () => {
    assert.equal(parseXml(text), undefined);
  });
}

test('any text survives being escaped and read', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      const root = parseXml(`<a b="${escapeText(text)}">${escapeText(text)}</a>`);
      assert.equal(root?.text, text);
      assert.equal(root.attributes.get('b'), text);
    }),
    { seed: 1 },
  );
});
