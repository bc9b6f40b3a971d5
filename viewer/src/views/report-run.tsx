/** The run of a report: the only one of its page. */

import { RunView } from './run-view'
import type { Shared } from './parts'

export function ReportRun(shared: Shared) {
  return <RunView run="" {...shared} />
}
