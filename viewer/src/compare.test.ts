import { describe, expect, it } from 'vitest'
import { differences, verdict, wordDiff } from './compare'
import { story } from './samples'

describe('two runs', () => {
  const left = story([{ id: 0 }], [{ id: 0 }, { id: 1 }])
  const right = story([{ id: 0 }, { id: 1, parent: 0, depth: 1 }], [{ id: 0 }])
  const row = (name: string) => differences(left, right).find((each) => each.name === name)!

  it('are compared figure by figure', () => {
    expect(row('Model calls')).toMatchObject({ left: 2, right: 1 })
    expect(row('Deepest node')).toMatchObject({ left: 0, right: 1 })
    expect(verdict(row('Model calls'))).toBe('good')
    expect(verdict(row('Nodes'))).toBe('same')
  })

  it('have no verdict where a figure is unknown', () => {
    expect(verdict(row('Critical path'))).toBe('same')
  })
})

describe('two answers', () => {
  const sides = (left: string, right: string) => wordDiff(left, right).map((piece) => [piece.side, piece.text])

  it('share words', () => {
    expect(sides('billing and media', 'billing and mail')).toEqual([['both', 'billing and '], ['left', 'media'], ['right', 'mail']])
    expect(sides('same', 'same')).toEqual([['both', 'same']])
    expect(sides('', 'new')).toEqual([['right', 'new']])
    expect(sides('', '')).toEqual([])
  })

  it('are put together again from their pieces', () => {
    const [a, b] = ['one two three  four\nfive', 'two three four six\nfive']
    const of = (side: string) => wordDiff(a, b).filter((piece) => piece.side !== side).map((piece) => piece.text).join('')
    expect([of('right'), of('left')]).toEqual([a, b])
  })
})
