//! Reading untrusted bytes in order: every read is checked, nothing is allocated for more than is there.

/// Bytes that no encoder wrote. The segment adds file and offset and makes it [`crate::Error::Corrupt`].
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Malformed(pub(crate) String);

/// Result of decoding untrusted bytes.
pub(crate) type Decoded<T> = Result<T, Malformed>;

/// A [`Malformed`] error.
pub(crate) fn malformed<T>(reason: impl Into<String>) -> Decoded<T> {
    Err(Malformed(reason.into()))
}

/// A place in bytes.
#[derive(Clone, Debug)]
pub(crate) struct Cursor<'a> {
    bytes: &'a [u8],
}

macro_rules! read_integers {
    ($($name:ident, $many:ident: $native:ty),*) => {$(
        #[doc = concat!("Reads one little-endian `", stringify!($native), "`.")]
        pub(crate) fn $name(&mut self) -> Decoded<$native> {
            let (head, rest) = self
                .bytes
                .split_first_chunk::<{ size_of::<$native>() }>()
                .ok_or_else(|| short(size_of::<$native>(), self.bytes.len()))?;
            self.bytes = rest;
            Ok(<$native>::from_le_bytes(*head))
        }
        #[doc = concat!("Reads that many `", stringify!($native), "`.")]
        #[allow(dead_code, reason = "not every width is read in bulk")]
        pub(crate) fn $many(&mut self, count: usize) -> Decoded<Vec<$native>> {
            let bytes = self.take(count.saturating_mul(size_of::<$native>()))?;
            let (values, _) = bytes.as_chunks::<{ size_of::<$native>() }>();
            Ok(values.iter().map(|value| <$native>::from_le_bytes(*value)).collect())
        }
    )*};
}

fn short(wanted: usize, left: usize) -> Malformed {
    Malformed(format!("{wanted} bytes expected, {left} left"))
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Cursor { bytes }
    }

    read_integers!(u8, u8s: u8, u16, u16s: u16, u32, u32s: u32, i32, i32s: i32, u64, u64s: u64, i64, i64s: i64, i128, i128s: i128);

    /// The next bytes.
    pub(crate) fn take(&mut self, count: usize) -> Decoded<&'a [u8]> {
        let (head, rest) = self
            .bytes
            .split_at_checked(count)
            .ok_or_else(|| short(count, self.bytes.len()))?;
        self.bytes = rest;
        Ok(head)
    }

    /// Bytes with their length in front.
    pub(crate) fn sized(&mut self) -> Decoded<&'a [u8]> {
        let length = self.u32()? as usize;
        self.take(length)
    }

    /// All that is left.
    pub(crate) fn rest(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.bytes)
    }

    /// Nothing may be left.
    pub(crate) fn end(&self) -> Decoded<()> {
        if self.bytes.is_empty() {
            Ok(())
        } else {
            malformed(format!("{} bytes left over", self.bytes.len()))
        }
    }
}

/// Writes bytes with their length in front, for [`Cursor::sized`].
pub(crate) fn put_sized(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    let at = out.len();
    out.extend_from_slice(&[0; 4]);
    write(out);
    let length = u32::try_from(out.len() - at - 4).expect("a part of a block is far below 4 GiB");
    out[at..at + 4].copy_from_slice(&length.to_le_bytes());
}
