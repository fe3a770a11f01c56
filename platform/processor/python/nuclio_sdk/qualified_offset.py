class QualifiedOffset:
    """The place of a message in its stream."""

    __slots__ = ("topic", "partition", "offset")

    def __init__(self, topic, partition, offset):
        self.topic = topic
        self.partition = partition
        self.offset = offset

    @staticmethod
    def from_event(event):
        return QualifiedOffset(event.topic, event.shard_id, event.offset)

    def __repr__(self):
        return f"QualifiedOffset(topic={self.topic!r}, partition={self.partition!r}, offset={self.offset!r})"
