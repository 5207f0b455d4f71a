import type { ReactNode } from 'react'
import { Button, Dialog, Heading, Modal, ModalOverlay } from 'react-aria-components'
import { CloseIcon } from './icons.tsx'

type Props = { title: string; isOpen: boolean; onClose(): void; children: ReactNode }

/** A dialog above the page. Escape, its button and a click beside it close it. */
export function Sheet({ title, isOpen, onClose, children }: Props) {
  return (
    <ModalOverlay className="overlay" isOpen={isOpen} onOpenChange={open => !open && onClose()} isDismissable>
      <Modal className="modal">
        <Dialog className="sheet">
          <header>
            <Heading slot="title">{title}</Heading>
            <Button className="icon-button" aria-label="Close" onPress={onClose}>
              <CloseIcon />
            </Button>
          </header>
          {children}
        </Dialog>
      </Modal>
    </ModalOverlay>
  )
}
