//! Frames: size, data offset, type and channel in front of a body.

use bytes::{Buf, BufMut, Bytes, BytesMut};

/// Largest frame taken and sent, as Azure has it.
pub(crate) const FRAME_MAX: u32 = 65_536;

/// Smallest limit a peer may set for the frames it takes (AMQP 1.0, 2.3.3).
pub(crate) const FRAME_LIMIT_MIN: u32 = 512;

/// What kind of frame it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Of the AMQP layer.
    Amqp,
    /// Of the SASL layer.
    Sasl,
}

/// A frame that has come in whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Frame {
    /// The layer.
    pub(crate) kind: Kind,
    /// The channel; zero in the SASL layer.
    pub(crate) channel: u16,
    /// The performative and its payload; empty in a heartbeat.
    pub(crate) body: Bytes,
}

/// Bytes that are not a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BadFrame {
    /// It says that it is larger than the largest frame taken.
    #[error("The frame is larger than {FRAME_MAX} bytes.")]
    TooLarge,
    /// Its header contradicts itself.
    #[error("The frame header is malformed.")]
    Header,
}

/// Takes the next whole frame out of `buffer`, if it is there.
///
/// # Errors
/// If what is there cannot become a frame.
pub(crate) fn next(buffer: &mut BytesMut) -> Result<Option<Frame>, BadFrame> {
    let Some([a, b, c, d, offset, kind, high, low]) = buffer.first_chunk().copied() else {
        return Ok(None);
    };
    let size = u32::from_be_bytes([a, b, c, d]);
    if FRAME_MAX < size {
        return Err(BadFrame::TooLarge);
    }
    let (size, offset) = (size as usize, 4 * usize::from(offset));
    let kind = match kind {
        0 => Kind::Amqp,
        1 => Kind::Sasl,
        _ => return Err(BadFrame::Header),
    };
    if offset < 8 || size < offset {
        return Err(BadFrame::Header);
    }
    if buffer.len() < size {
        return Ok(None);
    }
    let mut body = buffer.split_to(size);
    body.advance(offset);
    Ok(Some(Frame { kind, channel: u16::from_be_bytes([high, low]), body: body.freeze() }))
}

/// Appends a frame whose body `write` writes.
pub(crate) fn put(
    into: &mut BytesMut,
    kind: Kind,
    channel: u16,
    write: impl FnOnce(&mut BytesMut),
) {
    let start = into.len();
    into.put_u32(0);
    into.put_slice(&[2, u8::from(kind == Kind::Sasl)]);
    into.put_u16(channel);
    write(into);
    let size = u32::try_from(into.len() - start).unwrap_or(u32::MAX);
    if let Some(field) = into.get_mut(start..).and_then(|bytes| bytes.first_chunk_mut()) {
        *field = size.to_be_bytes();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_frame_comes_back_as_it_was_put() {
        let mut buffer = BytesMut::new();
        put(&mut buffer, Kind::Amqp, 7, |into| into.put_slice(b"body"));
        let whole = buffer.clone();
        buffer.truncate(11);
        assert_eq!(next(&mut buffer), Ok(None));
        buffer.put_slice(&whole[11..]);
        let frame = Frame { kind: Kind::Amqp, channel: 7, body: Bytes::from_static(b"body") };
        assert_eq!(next(&mut buffer), Ok(Some(frame)));
        assert!(buffer.is_empty());
    }

    #[test]
    fn a_size_beyond_the_limit_is_refused_before_it_is_awaited() {
        let mut buffer = BytesMut::from(&[0, 1, 0, 1, 2, 0, 0, 0][..]);
        assert_eq!(next(&mut buffer), Err(BadFrame::TooLarge));
    }

    #[test]
    fn a_size_within_the_header_is_refused() {
        let mut buffer = BytesMut::from(&[0, 0, 0, 4, 2, 0, 0, 0][..]);
        assert_eq!(next(&mut buffer), Err(BadFrame::Header));
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let mut buffer = BytesMut::from(&bytes[..]);
            while let Ok(Some(_)) = next(&mut buffer) {}
        }
    }
}
