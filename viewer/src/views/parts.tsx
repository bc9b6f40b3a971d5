/** Small parts that several views share. */

import type { ComponentChildren } from 'preact'
import { useState } from 'preact/hooks'
import type { Source } from '../source'
import type { Theme } from '../theme'
import { visible } from '../format'
import { tokens } from '../python'

export interface Shared {
  source: Source
  theme: Theme
  openHelp(): void
}

const WORDS: Record<string, string> = { not_found: 'not found', ok: 'answered' }

/** How a run, a node or a call ended; `done` is the word for one that ended well and has no answer. */
export function State({ state, done = WORDS['ok'] }: { state: string; done?: string }) {
  return (
    <span class={`state state-${state.replace(/[^a-z_]/g, '')}`}>
      <i aria-hidden="true" />
      {state === 'ok' ? done : (WORDS[state] ?? visible(state))}
    </span>
  )
}

export function TopBar({ shared, children }: { shared: Shared; children?: ComponentChildren }) {
  const { theme, openHelp, source } = shared
  const next = theme.name === 'dark' ? 'light' : 'dark'
  return (
    <header class="top">
      {source.isReport ? <span class="brand">HARLM</span> : <a class="brand" href="#/">HARLM</a>}
      <div class="top-middle">{children}</div>
      <button type="button" class="quiet icon" onClick={() => theme.toggle()} aria-label={`Switch to ${next} colours`} title={`${next} colours (t)`}>
        <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
          <circle cx="8" cy="8" r="6.2" fill="none" stroke="currentColor" stroke-width="1.5" />
          <path d="M8 1.8a6.2 6.2 0 0 1 0 12.4z" fill="currentColor" />
        </svg>
      </button>
      <button type="button" class="quiet icon" onClick={openHelp} aria-label="Keyboard" title="Keyboard (?)">
        ?
      </button>
    </header>
  )
}

export function Notice({ kind, children }: { kind: 'error' | 'warning' | 'info'; children: ComponentChildren }) {
  return (
    <div class={`notice notice-${kind}`} role={kind === 'error' ? 'alert' : 'status'}>
      {children}
    </div>
  )
}

export function Empty({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <div class="empty">
      <p class="empty-title">{title}</p>
      {children}
    </div>
  )
}

const FIRST = 6_000 // characters that are shown at once

/** A text that a model, a document or a user wrote: shown as it is, and never more than that. */
export function Text({ text, isCode = false, most = FIRST }: { text: string; isCode?: boolean; most?: number }) {
  const [isWhole, setWhole] = useState(false)
  const shown = visible(isWhole || text.length <= most ? text : text.slice(0, most)).trimEnd()
  return (
    <div class="text">
      <pre class={isCode ? 'code' : 'prose'} tabIndex={0} dir={isCode ? 'ltr' : 'auto'}>
        {isCode ? tokens(shown).map((token) => (token.kind ? <span class={`py-${token.kind}`}>{token.text}</span> : token.text)) : shown}
      </pre>
      {text.length > most && (
        <button type="button" class="quiet small" onClick={() => setWhole(!isWhole)}>
          {isWhole ? 'Show less' : `Show all ${text.length.toLocaleString('en-US')} characters`}
        </button>
      )}
    </div>
  )
}

export function Fact({ name, value, note, title }: { name: string; value: ComponentChildren; note?: ComponentChildren; title?: string }) {
  return (
    <div class="fact" title={title}>
      <dt>{name}</dt>
      <dd>
        {value}
        {note !== undefined && note !== '' && <small>{note}</small>}
      </dd>
    </div>
  )
}
