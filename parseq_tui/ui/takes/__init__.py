"""The takes of a document as they are looked at: their progress, pictures and words."""
