class Response:
    """What a handler answers where status, headers or content type matter."""

    def __init__(self, headers=None, body=None, content_type=None, status_code=200, event_id=None):
        self.headers = headers or {}
        self.body = body
        self.status_code = status_code
        self.content_type = content_type or "text/plain"
        # Tells which event of a batch this answers.
        self.event_id = event_id

    def ensure_no_ack(self):
        """Keeps the trigger from acknowledging the message that this answers."""
        self.headers["x-nuclio-stream-no-ack"] = True

    def __repr__(self):
        items = ", ".join(f"{name}={value!r}" for name, value in vars(self).items())
        return f"Response({items})"
