/** A conversation without text, while one is loading. */
export function LoadingConversation() {
  return (
    <div className="conversation loading-conversation" role="status" aria-label="Loading the conversation">
      <span className="bone bone-short" />
      <span className="bone bone-message" />
      <span className="bone bone-message bone-right" />
    </div>
  )
}
