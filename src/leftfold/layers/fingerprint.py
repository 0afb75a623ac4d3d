"""Hashes of bytes that are the same on every computer and in every run."""

from __future__ import annotations

from typing import NamedTuple

_WORD = (1 << 64) - 1
_K0, _K1, _K2 = 0xC3A5C85C97CB3127, 0xB492B66FBE98F273, 0x9AE16A3B2F90404F


def fingerprint(data: bytes) -> int:
    """The 64-bit FarmHash fingerprint, which TensorFlow hashes strings with.

    Source: Pike and Alakuijala, FarmHash, `Fingerprint64`.

    Example:
        >>> fingerprint(b"")
        11160318154034397263
    """
    size = len(data)
    if size <= 16:
        return _up_to_16(data)
    if size <= 64:
        return _up_to_64(data)
    return _longer(data)


def _fetch(data: bytes, start: int, size: int = 8) -> int:
    return int.from_bytes(data[start : start + size], "little")


def _rotate(value: int, by: int) -> int:
    """The lower 64 bits of `value` rotated to the right."""
    value &= _WORD
    return (value >> by | value << (64 - by)) & _WORD


def _folded(value: int) -> int:
    value &= _WORD
    return value ^ value >> 47


def _mixed(u: int, v: int, factor: int) -> int:
    """Two words in one."""
    a = _folded((u ^ v) * factor)
    return _folded((v ^ a) * factor) * factor & _WORD


def _up_to_16(data: bytes) -> int:
    size = len(data)
    factor = _K2 + 2 * size
    if size >= 8:
        first, last = _fetch(data, 0) + _K2, _fetch(data, size - 8)
        c = _rotate(last, 37) * factor + first
        d = (_rotate(first, 25) + last) * factor
        return _mixed(c & _WORD, d & _WORD, factor)
    if size >= 4:
        first, last = _fetch(data, 0, 4), _fetch(data, size - 4, 4)
        return _mixed(size + (first << 3), last, factor)
    if size:
        y = data[0] + (data[size >> 1] << 8)
        z = size + (data[-1] << 2)
        return _folded(y * _K2 ^ z * _K0) * _K2 & _WORD
    return _K2


def _up_to_64(data: bytes) -> int:
    size = len(data)
    factor = _K2 + 2 * size
    a = _fetch(data, 0) * (_K1 if size <= 32 else _K2)
    b = _fetch(data, 8)
    c = _fetch(data, size - 8) * factor
    d = _fetch(data, size - 16) * _K2
    y = (_rotate(a + b, 43) + _rotate(c, 30) + d) & _WORD
    z = _mixed(y, (a + _rotate(b + _K2, 18) + c) & _WORD, factor)
    if size <= 32:
        return z
    e = _fetch(data, 16) * factor
    f = _fetch(data, 24)
    g = (y + _fetch(data, size - 32)) * factor
    h = (z + _fetch(data, size - 24)) * factor
    u = _rotate(e + f, 43) + _rotate(g, 30) + h
    v = e + _rotate(f + a, 18) + g
    return _mixed(u & _WORD, v & _WORD, factor)


class _State(NamedTuple):
    x: int
    y: int
    z: int
    v: tuple[int, int]
    w: tuple[int, int]


def _longer(data: bytes) -> int:
    y = 81 * _K1 + 113
    z = _folded(y * _K2 + 113) * _K2
    state = _State(81 * _K2 + _fetch(data, 0), y, z, (0, 0), (0, 0))
    rest = (len(data) - 1) & 63
    for start in range(0, len(data) - 1 - rest, 64):
        state = _block(data, start, state, _K1, 1)
    factor = _K1 + ((state.z & 0xFF) << 1)
    (v, other), (w, last) = state.v, state.w
    w += rest
    v += w
    w += v
    state = state._replace(v=(v, other), w=(w, last))
    x, y, z, v_pair, w_pair = _block(data, len(data) - 64, state, factor, 9)
    first = _mixed(v_pair[0], w_pair[0], factor) + _folded(y) * _K0 + z
    second = _mixed(v_pair[1], w_pair[1], factor) + x
    return _mixed(first & _WORD, second & _WORD, factor)


def _block(data: bytes, start: int, state: _State, factor: int, weight: int) -> _State:
    """The state after 64 bytes."""
    x, y, z, v, w = state
    words = [_fetch(data, start + place) for place in range(0, 64, 8)]
    x = _rotate(x + y + v[0] + words[1], 37) * factor ^ w[1] * weight
    y = _rotate(y + v[1] + words[6], 42) * factor + v[0] * weight + words[5]
    z = _rotate(z + w[0], 33) * factor
    v = _weak(words[:4], v[1] * factor, x + w[0])
    w = _weak(words[4:], z + w[1], y + words[2])
    return _State(z & _WORD, y & _WORD, x & _WORD, v, w)


def _weak(words: list[int], a: int, b: int) -> tuple[int, int]:
    """Four words mixed into a pair."""
    a += words[0]
    b = _rotate(b + a + words[3], 21)
    before = a
    a += words[1] + words[2]
    return (a + words[3]) & _WORD, (b + _rotate(a, 44) + before) & _WORD


def keyed_fingerprint(data: bytes, key0: int, key1: int) -> int:
    """SipHash-2-4 with a key of two 64-bit words.

    Source: Aumasson and Bernstein 2012, "SipHash: a fast short-input PRF", section 2.

    Example:
        >>> key = bytes(range(16))
        >>> words = int.from_bytes(key[:8], "little"), int.from_bytes(key[8:], "little")
        >>> hex(keyed_fingerprint(bytes(range(15)), *words))
        '0xa129ca6149be45e5'
    """
    key0, key1 = key0 & _WORD, key1 & _WORD
    state = [
        key0 ^ 0x736F6D6570736575,
        key1 ^ 0x646F72616E646F6D,
        key0 ^ 0x6C7967656E657261,
        key1 ^ 0x7465646279746573,
    ]
    padded = data + bytes(7 - len(data) % 8) + bytes([len(data) & 0xFF])
    for start in range(0, len(padded), 8):
        word = _fetch(padded, start)
        state[3] ^= word
        _sip_round(state)
        _sip_round(state)
        state[0] ^= word
    state[2] ^= 0xFF
    for _ in range(4):
        _sip_round(state)
    return state[0] ^ state[1] ^ state[2] ^ state[3]


def _sip_round(state: list[int]) -> None:
    v0, v1, v2, v3 = state
    v0 = v0 + v1 & _WORD
    v1 = _rotate(v1, 51) ^ v0
    v0 = _rotate(v0, 32)
    v2 = v2 + v3 & _WORD
    v3 = _rotate(v3, 48) ^ v2
    v0 = v0 + v3 & _WORD
    v3 = _rotate(v3, 43) ^ v0
    v2 = v2 + v1 & _WORD
    v1 = _rotate(v1, 47) ^ v2
    v2 = _rotate(v2, 32)
    state[:] = v0, v1, v2, v3
