/** Finds words in what the page knows of a run: questions, labels, the beginnings of texts; and, in a report, all texts. */

import type { Story } from './story'

export interface Found {
  /** The event in which it stands; 0 if it is a node. */
  seq: number
  span: number | null
  node: number | null
  kind: string
  field: string
  before: string
  words: string
  after: string
}

const AROUND = 60
const MOST = 500

const plain = (text: string): string => text.normalize('NFC').toLowerCase()

/** Where a text holds some words, whatever their case; `null` if it does not. */
export function placeOf(text: string, words: string): Pick<Found, 'before' | 'words' | 'after'> | null {
  const low = plain(text)
  const at = low.length === text.length ? low.indexOf(plain(words)) : text.indexOf(words)
  if (at < 0) return null
  const end = at + words.length
  return { before: text.slice(Math.max(0, at - AROUND), at), words: text.slice(at, end), after: text.slice(end, end + AROUND) }
}

export function findInStory(story: Story, words: string): Found[] {
  const found: Found[] = []
  const wanted = words.trim()
  if (!wanted) return found
  for (const node of story.nodes) {
    const place = placeOf(`${node.name} ${node.question}`, wanted)
    if (place !== null) found.push({ seq: 0, span: null, node: node.id, kind: 'node', field: 'question', ...place })
    if (found.length >= MOST) return found
  }
  for (const span of story.spans) {
    const place = placeOf(span.label, wanted)
    if (place !== null) found.push({ seq: span.got || span.sent, span: span.id, node: null, kind: span.kind, field: 'label', ...place })
    if (found.length >= MOST) return found
  }
  return found
}

const TEXTS = ['messages', 'text', 'thoughts', 'code', 'output', 'error', 'arguments', 'value', 'query', 'question', 'message']

/** Where events hold some words. */
export function findInEvents(events: Record<string, Record<string, unknown>>, words: string): [number, string, string, NonNullable<ReturnType<typeof placeOf>>][] {
  const found: [number, string, string, NonNullable<ReturnType<typeof placeOf>>][] = []
  const wanted = words.trim()
  if (!wanted) return found
  for (const [seq, event] of Object.entries(events)) {
    for (const field of TEXTS) {
      const place = placeOf(textOf(event[field]), wanted)
      if (place !== null) found.push([Number(seq), String(event['kind'] ?? ''), field, place])
      if (found.length >= MOST) return found
    }
  }
  return found
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value
  if (!Array.isArray(value)) return ''
  const last: unknown = value.at(-1)
  return typeof last === 'object' && last !== null && 'content' in last ? String(last.content) : ''
}
