//! COPY FROM STDIN: the client's bytes to the engine, until the client is done, gives up or goes.

use super::message::{Format, FrontendMessage};
use super::report::Report;
use super::response;
use super::session::{Failure, Result, Session, protocol_failure, stopped};
use super::stream::Next;
use stoa_engine::connection::{CopyFormat, CopyIn};

/// The format as CopyInResponse and CopyOutResponse tell it.
pub(super) fn copy_format(format: CopyFormat) -> Format {
    match format {
        CopyFormat::Binary => Format::Binary,
        _ => Format::Text,
    }
}

impl Session {
    /// Takes the client's rows; returns the command's tag.
    pub(super) fn copy_in(&mut self, mut copy: CopyIn, text: Option<&str>) -> Result<String> {
        let format = copy_format(copy.format());
        response::copy_in(&mut self.output.buffer, format, copy.column_count());
        self.output.flush()?;
        let engine = |error| Failure::Statement(Report::engine(&error, text));
        loop {
            let frame = match self.next_copy_frame() {
                Ok(frame) => frame,
                Err(failure) => {
                    copy.fail("the client has gone");
                    return Err(failure);
                }
            };
            match FrontendMessage::decode(&frame) {
                Ok(FrontendMessage::CopyData(bytes)) => copy.write(bytes).map_err(engine)?,
                Ok(FrontendMessage::CopyDone) => return copy.finish().map(|report| report.tag()).map_err(engine),
                Ok(FrontendMessage::CopyFail { message }) => {
                    copy.fail(message);
                    return Err(protocol_failure("57014", format!("COPY from stdin failed: {message}")));
                }
                Ok(FrontendMessage::Flush | FrontendMessage::Sync) => {}
                Ok(_) => {
                    let message = format!("unexpected message type 0x{:02X} during COPY from stdin", frame.tag);
                    copy.fail(&message);
                    return Err(Failure::Fatal(Report::fatal("08P01", message)));
                }
                Err(error) => {
                    copy.fail("malformed message");
                    return Err(error.into());
                }
            }
        }
    }

    /// The next message of the client while it copies. The statement is at work while it waits: a cancel request ends it.
    fn next_copy_frame(&mut self) -> Result<super::message::Frame> {
        match self.input.next(None)? {
            Next::Frame(frame) => Ok(frame),
            Next::Closed => Err(Failure::Gone),
            Next::Stopped => Err(stopped()),
        }
    }
}
