import { describe, expect, it } from 'vitest'
import { story } from './samples'
import { findInEvents, findInStory, placeOf } from './search'

describe('search', () => {
  it('finds words whatever their case, with what stands around them', () => {
    expect(placeOf('Billing still uses TLS 1.1.', 'tls 1.1')).toEqual({ before: 'Billing still uses ', words: 'TLS 1.1', after: '.' })
    expect(placeOf('nothing', 'tls')).toBeNull()
  })

  it('does not move places behind letters that change their length', () => {
    expect(placeOf('İİİ and TLS', 'TLS')?.words).toBe('TLS')
  })

  it('looks into questions and labels', () => {
    const run = story([{ id: 0, question: 'Who owns billing?' }], [{ id: 0, label: 'a/billing-model' }])
    expect(findInStory(run, 'billing').map((found) => [found.node, found.span])).toEqual([[0, null], [null, 0]])
    expect(findInStory(run, '  ')).toEqual([])
  })

  it('looks into texts of events: replies, code, the last message of a prompt', () => {
    const events = {
      '3': { kind: 'call_started', messages: [{ role: 'system', content: 'needle' }, { role: 'user', content: 'hay' }] },
      '4': { kind: 'call_finished', text: 'a needle here' },
      '5': { kind: 'cell_started', code: 'needle = 1' },
    }
    expect(findInEvents(events, 'needle').map(([seq, , field]) => [seq, field])).toEqual([[4, 'text'], [5, 'code']])
  })
})
