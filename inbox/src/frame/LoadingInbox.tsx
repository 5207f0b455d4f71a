import { LoadingRows } from '../list/LoadingRows.tsx'

/** The frame of the inbox while it is loading. It has the measures of the inbox, so that nothing moves when it comes. */
export function LoadingInbox() {
  return (
    <div className="frame" aria-busy="true">
      <div className="sidebar" />
      <div className="list-pane">
        <div className="list-header" />
        <LoadingRows />
      </div>
      <div className="conversation-pane" />
    </div>
  )
}
