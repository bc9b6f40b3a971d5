/** What the keyboard does. */

import { useEffect, useRef } from 'preact/hooks'

/** Whether a key belongs to a field or to the browser, and not to the page. */
export function isTyping(event: KeyboardEvent): boolean {
  if (event.ctrlKey || event.metaKey || event.altKey) return true
  const target = event.target
  return target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement
}

/** Calls `does` for every key that belongs to the page, always as it was drawn last. */
export function useKeys(does: (event: KeyboardEvent) => void): void {
  const newest = useRef(does)
  newest.current = does
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (!isTyping(event) && document.querySelector('dialog[open]') === null) newest.current(event)
    }
    addEventListener('keydown', onKey)
    return () => removeEventListener('keydown', onKey)
  }, [])
}

export const KEYS: readonly (readonly [string, string])[] = [
  ['1 – 9', 'Timeline, Tree, Graph, Cells, Calls, Budget, Memory, Route, Sources'],
  ['j, k', 'the next and the previous call, cell, run or result'],
  ['Enter', 'open what is selected'],
  ['Esc', 'close what is open'],
  ['/', 'search'],
  ['+, −, 0', 'zoom the timeline in, out, and back to the whole run'],
  ['←, →', 'move along the timeline'],
  ['c', 'compare this run with another'],
  ['l', 'the list of runs'],
  ['t', 'light or dark'],
  ['?', 'these keys'],
]
