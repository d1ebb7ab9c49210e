"""What commands do that need more than the document: files, renders, sounds, other programs."""
