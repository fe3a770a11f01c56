class ExceptionWithResponse(IOError):
    """A failure with the status and body that it should be answered with."""

    def __init__(self, status_code, body=None, content_type=None):
        super().__init__(status_code, body)
        self.status_code = status_code
        self.body = body
        self.content_type = content_type
