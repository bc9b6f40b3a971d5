/** What the keyboard does. */

/** Whether a key belongs to a field or to the browser, and not to the page. */
export function isTyping(event: KeyboardEvent): boolean {
  if (event.ctrlKey || event.metaKey || event.altKey) return true
  const target = event.target
  return target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement
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
