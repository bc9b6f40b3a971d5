import { render } from 'preact'
import 'uplot/dist/uPlot.min.css'
import './style.css'
import { App } from './app'
import { ofReport, server } from './source'

render(<App source={ofReport() ?? server} />, document.getElementById('app')!)
