import type { ReactNode } from 'react'

function Icon({ children }: { children: ReactNode }) {
  return (
    <svg className="icon" viewBox="0 0 20 20" aria-hidden="true">
      {children}
    </svg>
  )
}

export function InboxIcon() {
  return (
    <Icon>
      <path d="M3 11.5h4l1.2 2h3.6l1.2-2h4M5.2 4h9.6L17 11.5V16H3v-4.5z" />
    </Icon>
  )
}

export function PersonIcon() {
  return (
    <Icon>
      <path d="M10 10a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM4 16.5c.7-2.7 3-4 6-4s5.3 1.3 6 4" />
    </Icon>
  )
}

export function UnassignedIcon() {
  return (
    <Icon>
      <path d="M10 10a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM4 16.5c.7-2.7 3-4 6-4M13 15.5h5" />
    </Icon>
  )
}

export function UnreadIcon() {
  return (
    <Icon>
      <path d="M16.5 9.5V15h-13V5.5h8M3.5 6l6.5 5 2.5-2" />
      <circle className="filled" cx="15.5" cy="5" r="2.5" />
    </Icon>
  )
}

export function SearchIcon() {
  return (
    <Icon>
      <path d="M9 14.5a5.5 5.5 0 1 0 0-11 5.5 5.5 0 0 0 0 11zM13.2 13.2 17 17" />
    </Icon>
  )
}

export function CheckIcon() {
  return (
    <Icon>
      <path d="m4.5 10.5 3.7 3.7 7.3-8.4" />
    </Icon>
  )
}

export function CloseIcon() {
  return (
    <Icon>
      <path d="m5 5 10 10M15 5 5 15" />
    </Icon>
  )
}

export function ArchiveIcon() {
  return (
    <Icon>
      <path d="M3 4.5h14V8H3zM4.5 8v8h11V8M8 11h4" />
    </Icon>
  )
}

export function ReopenIcon() {
  return (
    <Icon>
      <path d="M4 8.5h8a4 4 0 0 1 0 8H8M4 8.5 7.5 5M4 8.5 7.5 12" />
    </Icon>
  )
}

export function BackIcon() {
  return (
    <Icon>
      <path d="m12 4-6 6 6 6" />
    </Icon>
  )
}

export function PlusIcon() {
  return (
    <Icon>
      <path d="M10 4v12M4 10h12" />
    </Icon>
  )
}

export function FilterIcon() {
  return (
    <Icon>
      <path d="M3 5.5h14M5.5 10h9M8.5 14.5h3" />
    </Icon>
  )
}

export function HelpIcon() {
  return (
    <Icon>
      <path d="M10 17.5a7.5 7.5 0 1 0 0-15 7.5 7.5 0 0 0 0 15zM7.8 8a2.2 2.2 0 1 1 3.4 1.8c-.8.5-1.2.9-1.2 1.9M10 14.2v.1" />
    </Icon>
  )
}

export function SignOutIcon() {
  return (
    <Icon>
      <path d="M12 4H4.5v12H12M9 10h8M14 7l3 3-3 3" />
    </Icon>
  )
}

export function NoteIcon() {
  return (
    <Icon>
      <path d="M4 3.5h12v9l-4 4H4zM12 16.5v-4h4M7 7.5h6M7 10.5h3" />
    </Icon>
  )
}

export const LogoIcon = () => (
  <svg className="logo" viewBox="0 0 32 32" aria-hidden="true">
    <rect width="32" height="32" rx="8" />
    <path d="M8 10.5A2.5 2.5 0 0 1 10.5 8h11a2.5 2.5 0 0 1 2.5 2.5v7a2.5 2.5 0 0 1-2.5 2.5H15l-4.2 3.6c-.6.5-1.3.1-1.3-.6V20A2.5 2.5 0 0 1 8 17.5z" />
  </svg>
)
