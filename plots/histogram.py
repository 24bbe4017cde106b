"""HdrHistogram V2 payloads, decoded: base64 text to counts per value.

Only reads. The format, with its index arithmetic, is HdrHistogram's own (encoding V2, compressed);
all integers are big endian. Anything that does not fit raises ValueError with what was found.
"""

import base64
import binascii
import math
import struct
import zlib

import numpy

COMPRESSED_COOKIE = 0x1C849314
PLAIN_COOKIE = 0x1C849313
HEADER = struct.Struct(">iiiiqqd")
MAX_INFLATED_BYTES = 1 << 24  # a full table at five digits stays far below
MAX_COUNTS = 1 << 23


class Histogram:
    """The non-empty buckets of one histogram, in order of value.

    counts: samples per bucket; highest_values: the highest value that falls into the same bucket.
    """

    def __init__(self, highest_values, counts):
        self.highest_values = highest_values
        self.counts = counts
        self._cumulative = numpy.cumsum(counts)

    @property
    def samples(self):
        """How many values were recorded; 0 for an empty histogram."""
        return int(self._cumulative[-1]) if len(self._cumulative) else 0

    def value_at(self, fractions):
        """The values below or at which the given fractions (0..1) of the samples lie.

        As HdrHistogram does it: the highest equivalent value of the bucket that holds the sample
        number ceil(fraction * samples), counted from 1. Needs at least one sample.
        """
        if self.samples == 0:
            raise ValueError("an empty histogram has no percentiles")
        exact = numpy.asarray(fractions, dtype=float) * self.samples
        rank = numpy.clip(numpy.ceil(exact - 1e-9), 1, self.samples)
        return self.highest_values[numpy.searchsorted(self._cumulative, rank)]


def decode(text):
    """The Histogram in a base64 payload; ValueError says what is wrong with it."""
    digits, lowest, highest, words = _unpack(_inflate(text))
    if not (0 <= digits <= 5 and 1 <= lowest <= highest):
        raise ValueError(f"digits {digits}, range {lowest}..{highest} is not a histogram's")
    unit = lowest.bit_length() - 1
    half_magnitude = max(math.ceil(math.log2(2 * 10**digits)), 1) - 1
    indices, counts = [], []
    position = 0
    for word in _words(words):
        if word > 0:
            indices.append(position)
            counts.append(word)
        position += -word if word < 0 else 1
        if position > MAX_COUNTS:
            raise ValueError(f"more than {MAX_COUNTS} buckets")
    highest_values = [_highest_value(index, unit, half_magnitude) for index in indices]
    return Histogram(numpy.array(highest_values, dtype=float),
                     numpy.array(counts, dtype=numpy.int64))


def _inflate(text):
    """The bytes below base64 and zlib."""
    try:
        packed = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValueError(f"not base64 ({error})") from None
    if len(packed) < 8:
        raise ValueError(f"{len(packed)} bytes are too short for a payload")
    cookie, length = struct.unpack_from(">ii", packed)
    if cookie != COMPRESSED_COOKIE:
        raise ValueError(f"cookie {cookie:#x} is not {COMPRESSED_COOKIE:#x} (V2, compressed)")
    if length != len(packed) - 8:
        raise ValueError(f"{len(packed) - 8} bytes follow where the length says {length}")
    try:
        return zlib.decompressobj().decompress(packed[8:], MAX_INFLATED_BYTES)
    except zlib.error as error:
        raise ValueError(f"zlib: {error}") from None


def _unpack(inflated):
    """(digits, lowest, highest, the words' bytes) of an inflated payload."""
    if len(inflated) < HEADER.size:
        raise ValueError(f"{len(inflated)} bytes are too short for a header of {HEADER.size}")
    cookie, length, _offset, digits, lowest, highest, _ratio = HEADER.unpack_from(inflated)
    if cookie != PLAIN_COOKIE:
        raise ValueError(f"inner cookie {cookie:#x} is not {PLAIN_COOKIE:#x}")
    if length != len(inflated) - HEADER.size:
        raise ValueError(f"{len(inflated) - HEADER.size} bytes of counts where {length} were said")
    return digits, lowest, highest, inflated[HEADER.size:]


def _words(data):
    """ZigZag-LEB128 words: seven bits a byte, the ninth byte carries eight and ends the word."""
    position = 0
    while position < len(data):
        value = 0
        for shift in range(0, 64, 7):
            if position >= len(data):
                raise ValueError("the last word is cut off")
            byte = data[position]
            position += 1
            if shift == 56:
                value |= byte << shift
                break
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                break
        yield (value >> 1) ^ -(value & 1)


def _highest_value(index, unit, half_magnitude):
    """The highest value that is counted at this index."""
    half = 1 << half_magnitude
    bucket = (index >> half_magnitude) - 1
    sub_bucket = (index & (half - 1)) + half
    if bucket < 0:
        sub_bucket -= half
        bucket = 0
    return (sub_bucket << (bucket + unit)) + (1 << (bucket + unit)) - 1
