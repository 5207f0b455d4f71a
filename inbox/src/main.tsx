import './styles/font.css'
import './styles/tokens.css'
import './styles/base.css'
import './styles/frame.css'
import './styles/list.css'
import './styles/conversation.css'
import './styles/parts.css'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { App } from './frame/App.tsx'
import { RequestError } from './graph/request.ts'

const root = document.getElementById('root')
if (!root) throw new Error('The page has no element #root.')
/** What the gateway has refused is shown on the page. */
function onCaughtError(error: unknown): void {
  if (!(error instanceof RequestError)) console.error(error)
}

createRoot(root, { onCaughtError }).render(
  <StrictMode>
    <App />
  </StrictMode>,
)
