/** Light or dark: as the system has it, until the user chooses. */

import { useEffect, useState } from 'preact/hooks'

export interface Theme {
  name: 'light' | 'dark'
  toggle(): void
}

const KEPT = 'harlm-theme'

function kept(): 'light' | 'dark' | null {
  try {
    const value = localStorage.getItem(KEPT)
    return value === 'light' || value === 'dark' ? value : null
  } catch {
    return null // a report that was opened from a file has no storage in some browsers
  }
}

export function useTheme(): Theme {
  const [chosen, setChosen] = useState(kept)
  const [isDark, setIsDark] = useState(() => matchMedia('(prefers-color-scheme: dark)').matches)
  useEffect(() => {
    const query = matchMedia('(prefers-color-scheme: dark)')
    const follow = () => setIsDark(query.matches)
    query.addEventListener('change', follow)
    return () => query.removeEventListener('change', follow)
  }, [])
  const name = chosen ?? (isDark ? 'dark' : 'light')
  document.documentElement.dataset['theme'] = name
  return {
    name,
    toggle() {
      const next = name === 'dark' ? 'light' : 'dark'
      try {
        localStorage.setItem(KEPT, next)
      } catch {
        // not kept, but chosen for now
      }
      setChosen(next)
    },
  }
}

/** Colours of the style sheet, for what is drawn on a canvas. */
export function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim()
}
