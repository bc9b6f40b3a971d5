/** The page: which view the address asks for, and what all views share. */

import { useEffect, useState } from 'preact/hooks'
import { Help } from './views/help'
import { RunList } from './views/run-list'
import { RunView } from './views/run-view'
import { CompareView } from './views/compare-view'
import { ReportRun } from './views/report-run'
import { useKeys } from './keys'
import type { Source } from './source'
import { useTheme } from './theme'

type Place = { view: 'list' } | { view: 'run'; run: string } | { view: 'compare'; left: string; right: string }

function placeOf(hash: string): Place {
  const parts = hash.replace(/^#\/?/, '').split('/')
  if (parts[0] === 'run' && parts[1]) return { view: 'run', run: parts[1] }
  if (parts[0] === 'compare' && parts[1] && parts[2]) return { view: 'compare', left: parts[1], right: parts[2] }
  return { view: 'list' }
}

export function App({ source }: { source: Source }) {
  const [place, setPlace] = useState(() => placeOf(location.hash))
  const [isHelpOpen, setHelpOpen] = useState(false)
  const theme = useTheme()

  useEffect(() => {
    const follow = () => setPlace(placeOf(location.hash))
    addEventListener('hashchange', follow)
    return () => removeEventListener('hashchange', follow)
  }, [])

  useKeys((event) => {
    if (event.key === '?') setHelpOpen(true)
    else if (event.key === 't') theme.toggle()
  })

  const shared = { source, theme, openHelp: () => setHelpOpen(true) }
  return (
    <>
      {source.isReport ? (
        <ReportRun {...shared} />
      ) : place.view === 'run' ? (
        <RunView key={place.run} run={place.run} {...shared} />
      ) : place.view === 'compare' ? (
        <CompareView key={`${place.left} ${place.right}`} left={place.left} right={place.right} {...shared} />
      ) : (
        <RunList {...shared} />
      )}
      {isHelpOpen && <Help close={() => setHelpOpen(false)} />}
    </>
  )
}
