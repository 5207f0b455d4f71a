/** Rows without text, while a list is loading. */
export function LoadingRows() {
  return (
    <div className="list loading-rows" role="status" aria-label="Loading conversations">
      {Array.from({ length: 8 }, (_, row) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: these rows are all the same.
        <div className="row-skeleton" key={row}>
          <span className="bone bone-round" />
          <span className="bones">
            <span className="bone" />
            <span className="bone bone-short" />
          </span>
        </div>
      ))}
    </div>
  )
}
