"""Reads record batches in which the name of a header is not UTF-8, against which aiokafka's own reader cannot defend.

One such message, which any producer can send, would end the consumer, and end it again after each restart: nothing
behind it would ever be read. aiokafka's C reader has no option for it, so this one is its Python reader with a lenient
buffer. Slower, and therefore used only once such a message was met.
"""

from typing import Any

from aiokafka.consumer import fetcher
from aiokafka.record.default_records import DefaultRecordBatch, _DefaultRecordBatchPy
from aiokafka.record.memory_records import _MemoryRecordsPy


class _Buffer(bytearray):
    """Bytes whose text never fails: what is not UTF-8 becomes U+FFFD, and is judged like any other name."""

    def __getitem__(self, at: Any) -> Any:
        found = super().__getitem__(at)
        return _Buffer(found) if isinstance(at, slice) else found

    def decode(self, encoding: str = "utf-8", errors: str = "replace") -> str:
        return bytes(self).decode(encoding, errors)


class _Batch(_DefaultRecordBatchPy):  # type: ignore[misc]  # aiokafka has no types
    _buffer: bytearray

    def _maybe_uncompress(self) -> None:
        super()._maybe_uncompress()
        if not isinstance(self._buffer, _Buffer):
            self._buffer = _Buffer(self._buffer)


class _Records(_MemoryRecordsPy):  # type: ignore[misc]  # aiokafka has no types
    def next_batch(self) -> Any:
        content = self._next_slice
        batch = super().next_batch()
        return _Batch(content) if isinstance(batch, DefaultRecordBatch) else batch


def read_leniently() -> None:
    """From now on, in this process, every consumer reads with the lenient reader."""
    fetcher.MemoryRecords = _Records
