import { describe, expect, it } from 'vitest'
import { bytes, money, oneLine, seconds, share, short, visible } from './format'
import { tokens } from './python'

describe('figures', () => {
  it('are short and readable', () => {
    expect([short(9_999), short(12_345), short(2_400_000)]).toEqual(['9,999', '12.3k', '2.40M'])
    expect([seconds(0.0123), seconds(1.234), seconds(75.5), seconds(200), seconds(4_000)]).toEqual(['12 ms', '1.23 s', '75.5 s', '3 min 20 s', '1 h 6 min'])
    expect([money(null), money(0), money(500_000), money(1_234), money(12_300_000)]).toEqual(['unknown', '$0', '$0.50', '$0.00123', '$12.30'])
    expect([share(1, 3), share(1, 0), bytes(1_500)]).toEqual(['33 %', '–', '1.5 kB'])
  })
})

describe('texts', () => {
  it('show what hides in them', () => {
    expect(visible('a\u202eb\u0000c\u200bd')).toBe('a\\u{202e}b\\x00c\\u{200b}d')
    expect(visible('👩‍💻 שלום\tx\n')).toBe('👩‍💻 שלום\tx\n')
  })

  it('fit on a line', () => {
    expect(oneLine('  a\n b   c ')).toBe('a b c')
    expect(oneLine('x'.repeat(50), 10)).toBe(`${'x'.repeat(9)}…`)
  })
})

describe('code', () => {
  it('is split into words, and nothing is lost', () => {
    const code = "for x in 'a # b':  # note\n    answer = llm_query(f\"{x}\") + 12\n"
    const found = tokens(code)
    expect(found.map((token) => token.text).join('')).toBe(code)
    expect(found.filter((token) => token.kind).map((token) => [token.kind, token.text])).toEqual([
      ['keyword', 'for'], ['keyword', 'in'], ['string', "'a # b'"], ['comment', '# note'], ['host', 'answer'], ['host', 'llm_query'],
      ['string', '"{x}"'], ['number', '12'],
    ])
  })

  it('does not hang on strings that never end', () => {
    expect(tokens(`'${'\\'.repeat(20_000)}`).length).toBeGreaterThan(0)
    expect(tokens(`"""${'"'.repeat(2)}${'a'.repeat(30_000)}`).length).toBeGreaterThan(0)
  })
})
