//! `md5(text | bytea)` as hexadecimal text; `sha224`, `sha256`, `sha384`, `sha512` of bytea as bytea

use super::md5::Md5;
use super::sha2::{BEGIN_224, BEGIN_256, BEGIN_384, BEGIN_512, Sha32, Sha64};
use crate::error::Result;
use crate::functions::scalar::signature::*;
use crate::functions::{Call, ScalarFunction, Value};
use std::fmt::Write;
use stoa_sql::catalog::Signature;
use stoa_sql::types::LogicalType;

const BYTES: &[Signature] = &[signature(&[BYTEA], returns::bytea)];

pub(super) static MD5: ScalarFunction = ScalarFunction {
    info: || {
        immutable(
            "md5",
            const { &[signature(&[TEXT], returns::text), signature(&[BYTEA], returns::text)] },
        )
    },
    documentation: documentation(
        "hash",
        "The MD5 digest as hexadecimal digits.",
        "md5('abc')",
        "900150983cd24fb0d6963f7d28e17f72",
    ),
    execute: md5,
};

macro_rules! sha {
    ($($item:ident = $name:literal $family:ident $begin:ident $length:literal;)*) => {
        $(pub(super) static $item: ScalarFunction = ScalarFunction {
            info: || immutable($name, BYTES),
            documentation: documentation("hash", concat!("The ", $name, " digest."), concat!($name, "('abc'::bytea)"), "\\x.."),
            execute: |call| {
                let messages = call.argument(0)?.bytes()?;
                let digest = $family::new();
                call.map_bytes(|row, out| {
                    for word in digest.digest($begin, messages.value(row)) {
                        out.extend(word.to_be_bytes());
                    }
                    out.truncate($length);
                    Ok(())
                })
            },
        };)*
    };
}

sha! {
    SHA224 = "sha224" Sha32 BEGIN_224 28;
    SHA256 = "sha256" Sha32 BEGIN_256 32;
    SHA384 = "sha384" Sha64 BEGIN_384 48;
    SHA512 = "sha512" Sha64 BEGIN_512 64;
}

fn md5(call: &Call<'_>) -> Result<Value> {
    let digest = Md5::new();
    let write = |message: &[u8], out: &mut String| {
        for byte in digest.digest(message) {
            let _ = write!(out, "{byte:02x}");
        }
        Ok(())
    };
    if *call.argument_type(0)? == LogicalType::Bytea {
        let messages = call.argument(0)?.bytes()?;
        return call.map_texts(|row, out| write(messages.value(row), out));
    }
    let messages = call.texts(0)?;
    call.map_texts(|row, out| write(messages.value(row).as_bytes(), out))
}

#[cfg(test)]
mod tests {
    use crate::functions::scalar::testing::*;

    fn bytes(hexadecimal: &str) -> Typed {
        let byte = |at: usize| u8::from_str_radix(&hexadecimal[at..at + 2], 16).unwrap();
        bytea(&(0..hexadecimal.len()).step_by(2).map(byte).collect::<Vec<_>>())
    }

    #[test]
    fn md5() {
        for (message, expected) in [
            ("", "d41d8cd98f00b204e9800998ecf8427e"),
            ("abc", "900150983cd24fb0d6963f7d28e17f72"),
            (
                "12345678901234567890123456789012345678901234567890123456789012345678901234567890",
                "57edf4a22be3c955ac49da2e2107b67a",
            ),
        ] {
            check("md5", &[text(message)], text(expected));
            check("md5", &[bytea(message.as_bytes())], text(expected));
        }
        for length in 50..70 {
            let message = "x".repeat(length);
            assert!(evaluate("md5", &[text(&message)]).is_ok());
        }
    }

    #[test]
    fn sha2() {
        for (name, expected) in [
            ("sha224", "23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7"),
            (
                "sha256",
                "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
            ),
            (
                "sha384",
                "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7",
            ),
            (
                "sha512",
                "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
            ),
        ] {
            check(name, &[bytea(b"abc")], bytes(expected));
        }
        let message = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
        let expected = bytes("248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
        check("sha256", &[bytea(message.as_bytes())], expected);
    }
}
