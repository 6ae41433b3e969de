//! Errors that the machine caused, not what was delivered or configured: a full disk, a folder that may not be written.
//!
//! Knows causes and what to do about them; the path stands in the error's own text.

use std::io::{Error, ErrorKind};

/// `EIO`: the standard library has no kind for it.
const INPUT_OUTPUT: i32 = 5;

/// What the operator can do about an error that the machine caused; `None` when it has another cause.
pub fn advice(error: &anyhow::Error) -> Option<&'static str> {
    error.chain().find_map(|cause| cause.downcast_ref::<Error>()).and_then(advice_on)
}

fn advice_on(cause: &Error) -> Option<&'static str> {
    match cause.kind() {
        ErrorKind::StorageFull => Some("the disk is full; free space on it and run again"),
        ErrorKind::QuotaExceeded => Some("the user's quota is used up; free space or raise it, and run again"),
        ErrorKind::FileTooLarge => {
            Some("a file may not grow that large; raise the limit (ulimit -f) or free space, and run again")
        }
        ErrorKind::PermissionDenied => {
            Some("the program's user may not do this; give it access to the path, and run again")
        }
        ErrorKind::ReadOnlyFilesystem => Some("the disk is mounted read-only; mount it writable, and run again"),
        _ if cause.raw_os_error() == Some(INPUT_OUTPUT) => {
            Some("the disk does not read or write as it should; have it looked at, and run again")
        }
        _ => None,
    }
}

/// The machine's error behind another, if that is the cause: to be kept when the rest may not be told.
pub fn cause(error: &(dyn std::error::Error + 'static)) -> Option<Error> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(cause) = error.downcast_ref::<Error>() {
            return Some(cause.raw_os_error().map_or_else(|| cause.kind().into(), Error::from_raw_os_error));
        }
        next = error.source();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::Context;

    #[test]
    fn what_to_do_follows_from_the_cause_however_deep_it_lies() {
        let wrapped = |code| {
            let cause = parquet::errors::ParquetError::External(Box::new(Error::from_raw_os_error(code)));
            let error = Err::<(), _>(cause).context("writing x").context("y").unwrap_err();
            advice(&error).map(|advice| advice.split(';').next().unwrap_or_default())
        };
        assert_eq!(wrapped(28), Some("the disk is full"));
        assert_eq!(wrapped(13), Some("the program's user may not do this"));
        assert_eq!(wrapped(30), Some("the disk is mounted read-only"));
        assert_eq!(wrapped(5), Some("the disk does not read or write as it should"));
        assert_eq!(wrapped(2), None);
        assert_eq!(advice(&anyhow::anyhow!("a wrong value")), None);
        let arrow = arrow::error::ArrowError::IoError("x".to_owned(), Error::from_raw_os_error(28));
        assert_eq!(cause(&arrow).and_then(|cause| cause.raw_os_error()), Some(28));
    }
}
