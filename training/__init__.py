"""How the small bundled model is made: drawings with captions, then autoencoder, text encoder, denoiser.

Nothing in `parseq_tui` imports this package; it only writes `parseq_tui/models/tiny`. Start with README.md.
"""
