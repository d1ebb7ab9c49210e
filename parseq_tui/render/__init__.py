"""Images, in a process of their own: plan → loop → delivery. Everybody else sees `client` and `messages` only."""
