/** The citations of the answer; each opens its source at the line. */

import { oneLine, visible } from '../format'
import { Empty } from './parts'
import type { ViewProps } from './run-view'

export function SourcesView({ story, selected, select }: ViewProps) {
  const { citations, citations_dropped: dropped } = story.head
  if (citations.length === 0) {
    return (
      <Empty title="The answer cites nothing">
        {dropped > 0 && <p>{dropped} citations could not be verified and were left out.</p>}
      </Empty>
    )
  }
  return (
    <ol class="citations">
      {citations.map((citation, at) => (
        <li key={at} class={selected?.kind === 'source' && selected.id === at ? 'card selected' : 'card'}>
          <button type="button" class="link mono" onClick={() => select({ kind: 'source', id: at })}>
            {oneLine(citation.place, 120)}
          </button>
          <blockquote dir="auto">{visible(citation.quote.slice(0, 600))}{citation.quote.length > 600 && ' …'}</blockquote>
        </li>
      ))}
    </ol>
  )
}
