/** Search in a run: prompts, replies, code, questions. */

import { useEffect, useState } from 'preact/hooks'
import { oneLine, plural, visible } from '../format'
import { findInStory, type Found } from '../search'
import { Refused } from '../source'
import type { Story } from '../story'
import type { Shared } from './parts'
import type { Selection } from './run-view'

const SHOWN = 100
const NAMES: Record<string, string> = { text: 'reply', messages: 'prompt', thoughts: 'reasoning', output: 'printed', label: 'model or tool' }

function nodeName(story: Story, place: Found): string {
  const node = place.node ?? (place.span === null ? null : (story.spans[place.span]?.node ?? null))
  return node === null ? '' : `node ${story.nodes[node]?.name ?? '?'}`
}

export function SearchBox({ story, shared, input, select }: { story: Story; shared: Shared; input: { current: HTMLInputElement | null }; select(selection: Selection): void }) {
  const [words, setWords] = useState('')
  const [found, setFound] = useState<Found[] | null>(null)
  const [note, setNote] = useState('')
  const [at, setAt] = useState(0)
  const [isOpen, setOpen] = useState(false)

  useEffect(() => {
    if (!words.trim()) return setFound(null)
    let isCurrent = true
    const waiting = setTimeout(() => {
      const near = findInStory(story, words)
      shared.source.search(story.head.run, words).then(
        (reply) => {
          if (!isCurrent) return
          const far = reply.found.map(([seq, kind, field, before, match, after]): Found => ({ seq, span: story.spanOf(seq)?.id ?? null, node: null, kind, field, before, words: match, after }))
          setFound([...near, ...far.filter((each) => each.span !== null)])
          setNote(reply.is_cut ? 'The first places are shown.' : '')
          setAt(0)
        },
        (error: unknown) => isCurrent && (setFound(near), setNote(error instanceof Refused ? error.message : String(error))),
      )
    }, 150)
    return () => {
      isCurrent = false
      clearTimeout(waiting)
    }
  }, [words, story])

  const open = (place: Found) => {
    if (place.span !== null) select({ kind: 'span', id: place.span })
    else if (place.node !== null) select({ kind: 'node', id: place.node })
    setOpen(false)
    input.current?.blur()
  }
  const onKey = (event: KeyboardEvent) => {
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0
    if (step && found) {
      event.preventDefault()
      setAt(Math.min(Math.max(at + step, 0), Math.min(found.length, SHOWN) - 1))
    } else if (event.key === 'Enter' && found?.[at]) open(found[at])
    else if (event.key === 'Escape') {
      setOpen(false)
      input.current?.blur()
    }
  }
  const shows = isOpen && found !== null
  return (
    <div class="search-box" onFocusOut={(event) => !event.currentTarget.contains(event.relatedTarget as globalThis.Node | null) && setOpen(false)}>
      <input
        ref={input} class="search" type="text" autocomplete="off" placeholder="Search prompts, replies and code  ( / )" aria-label="Search this run" value={words}
        role="combobox" aria-expanded={shows} aria-controls="found" aria-autocomplete="list" aria-activedescendant={shows && found.length ? `found-${at}` : undefined}
        onFocus={() => setOpen(true)} onInput={(event) => (setWords(event.currentTarget.value), setOpen(true))} onKeyDown={onKey}
      />
      <div id="found" class="found" role="listbox" aria-label="Places" hidden={!shows}>
        {shows && found.slice(0, SHOWN).map((place, index) => (
          <div
            key={`${place.seq} ${place.field} ${index}`} id={`found-${index}`} role="option" aria-selected={index === at} class={index === at ? 'selected' : ''}
            onPointerDown={(event) => (event.preventDefault(), open(place))}
          >
            <span class="muted clip">{NAMES[place.field] ?? place.field} · {oneLine(nodeName(story, place), 24)}</span>
            <span class="clip" dir="auto">
              {visible(place.before.slice(-40))}
              <mark>{visible(place.words)}</mark>
              {visible(place.after)}
            </span>
          </div>
        ))}
        {shows && (
          <div class="found-note muted" role="option" aria-disabled="true" aria-selected="false">
            {found.length === 0 ? 'Nothing is found.' : found.length > SHOWN ? `${plural(found.length, 'place')}; the first ${SHOWN} are listed.` : plural(found.length, 'place')} {note}
          </div>
        )}
      </div>
    </div>
  )
}
