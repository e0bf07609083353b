"""HTTP to elsewhere: addresses judged before they are dialled, and one exchange within limits."""
