"""How much of what was sent a process holds at once."""


class NoRoom(Exception):
    """More is being held already than may be."""


class Room:
    """Bytes that requests hold, of which there are only so many."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.held = 0


class Share:
    """What one request holds, until it is released."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self.size = 0

    @property
    def room(self) -> int:
        """How many bytes there are for everybody."""
        return self._room.most

    @property
    def room_left(self) -> int:
        """How many bytes more it could hold."""
        return self._room.most - self._room.held

    def grow(self, size: int) -> None:
        """Hold so many bytes more, or raise NoRoom."""
        if size > self.room_left:
            raise NoRoom
        self._room.held += size
        self.size += size

    def release(self) -> None:
        """Hold nothing any more."""
        self._room.held -= self.size
        self.size = 0
