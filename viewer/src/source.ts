/** Where the page gets runs from: the server, or the report that it stands in. */

import { findInEvents } from './search'
import type { StoryMessage } from './story'

export interface ListedRun {
  run: string
  started: number
  state: string
  question: string
  model: string
  tokens: number
  calls: number | null
  used_tokens: number | null
  cost: number | null
  seconds: number | null
  mode: string
}

export interface RunPage {
  runs: ListedRun[]
  total: number
  offset: number
}

export interface CitedSource {
  name: string
  place: string
  text: string
  first_line: number
  start: number
  end: number
  has_changed: boolean
  before: boolean
  after: boolean
}

export type StoredEvent = Record<string, unknown>
/** seq, kind, field, before, words, after. */
export type FoundRow = [number, string, string, string, string, string]

export interface Source {
  readonly isReport: boolean
  runs(words: string, offset: number, limit: number): Promise<RunPage>
  story(run: string): Promise<StoryMessage>
  event(run: string, seq: number): Promise<StoredEvent>
  blob(run: string, name: string): Promise<unknown>
  search(run: string, words: string): Promise<{ found: FoundRow[]; is_cut: boolean }>
  cited(run: string, citation: number): Promise<CitedSource>
  /** Follows a run; returns how to stop. */
  follow(run: string, onStory: (message: StoryMessage) => void, onEnd: () => void): () => void
}

/** Why something cannot be shown, in words for the user. */
export class Refused extends Error {}

async function get<T>(path: string): Promise<T> {
  let response: Response
  try {
    response = await fetch(path, { credentials: 'same-origin' })
  } catch {
    throw new Refused('The server does not answer. Is `harlm view` still running?')
  }
  const body: unknown = await response.json().catch(() => null)
  if (!response.ok) {
    const told = typeof body === 'object' && body !== null && 'error' in body ? String(body.error) : `status ${response.status}`
    throw new Refused(told)
  }
  return body as T
}

export const server: Source = {
  isReport: false,
  runs: (words, offset, limit) => get(`/api/runs?${new URLSearchParams({ q: words, offset: String(offset), limit: String(limit) })}`),
  story: (run) => get(`/api/run/${encodeURIComponent(run)}`),
  event: (run, seq) => get(`/api/run/${encodeURIComponent(run)}/event/${seq}`),
  blob: async (run, name) => (await get<{ value: unknown }>(`/api/run/${encodeURIComponent(run)}/blob/${encodeURIComponent(name)}`)).value,
  search: (run, words) => get(`/api/run/${encodeURIComponent(run)}/search?${new URLSearchParams({ q: words })}`),
  cited: (run, citation) => get(`/api/run/${encodeURIComponent(run)}/source?citation=${citation}`),
  follow(run, onStory, onEnd) {
    const events = new EventSource(`/api/run/${encodeURIComponent(run)}/live`)
    events.addEventListener('story', (event) => onStory(JSON.parse((event as MessageEvent<string>).data) as StoryMessage))
    events.addEventListener('end', () => {
      events.close()
      onEnd()
    })
    return () => events.close()
  },
}

interface ReportData {
  story: StoryMessage
  events: Record<string, StoredEvent>
  sources: Record<string, CitedSource>
}

/** The source of a page that holds its run; `null` if it holds none. */
export function ofReport(): Source | null {
  const element = document.getElementById('data')
  if (element === null) return null
  const data = JSON.parse(element.textContent ?? '') as ReportData
  return {
    isReport: true,
    runs: () => Promise.resolve({ runs: [], total: 0, offset: 0 }),
    story: () => Promise.resolve(data.story),
    event(_, seq) {
      const event = data.events[String(seq)]
      return event ? Promise.resolve(event) : Promise.reject(new Refused('This text is not in the report, which has a bounded size.'))
    },
    blob: () => Promise.reject(new Refused('This text is not in the report.')),
    search: (_, words) =>
      Promise.resolve({
        found: findInEvents(data.events, words).map(([seq, kind, field, place]): FoundRow => [seq, kind, field, place.before, place.words, place.after]),
        is_cut: false,
      }),
    cited(_, citation) {
      const source = data.sources[String(citation)]
      return source ? Promise.resolve(source) : Promise.reject(new Refused('The source is not in the report.'))
    },
    follow: (_run, _onStory, onEnd) => {
      onEnd()
      return () => undefined
    },
  }
}
