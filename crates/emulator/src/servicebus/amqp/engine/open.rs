//! Opening the connection and its sessions.

use super::{
    super::{
        condition::{self, Problem},
        frame::{FRAME_LIMIT_MIN, FRAME_MAX},
        performative::code,
        value::{Ask, at, due, string},
    },
    Engine, Step,
    session::{Session, WINDOW},
};
use serde_amqp::Value;
use std::time::Duration;

/// Highest channel, as Azure has it.
pub(super) const CHANNEL_MAX: u16 = 4_999;

/// Links of one session; the SDKs use a handful.
pub(super) const HANDLE_MAX: u32 = 1_023;

/// How long the broker bears silence, in milliseconds, as Azure has it.
pub(crate) const IDLE_MAX: Duration = Duration::from_mins(4);

impl Engine {
    /// Takes an open.
    pub(super) fn open(&mut self, fields: &[Value]) -> Result<Step, Problem> {
        if let Some(limit) = at(fields, 2).uint() {
            if limit < FRAME_LIMIT_MIN {
                let words = "max-frame-size is below 512 bytes.";
                return Err(Problem::new(condition::NOT_ALLOWED, words));
            }
            self.frame_max = limit.min(FRAME_MAX) as usize;
        }
        let idle = at(fields, 4).uint().filter(|idle| 0 < *idle);
        self.peer_idle = idle.map(|idle| Duration::from_millis(idle.into()));
        self.put_open();
        Ok(Step::Go)
    }

    /// Writes an open with the limits that Azure has.
    pub(super) fn put_open(&mut self) {
        self.opened = true;
        let idle = u32::try_from(IDLE_MAX.as_millis()).unwrap_or(u32::MAX);
        let fields = vec![
            string(format!("emulator-{}", self.id.0)),
            Value::Null,
            Value::Uint(FRAME_MAX),
            Value::Ushort(CHANNEL_MAX),
            Value::Uint(idle),
            Value::Null,
            Value::Null,
            Value::Null,
            Value::Null,
            Value::Null,
        ];
        self.put(0, code::OPEN, fields);
    }

    /// Takes a begin; the same channel serves both ways.
    pub(super) fn begin(&mut self, channel: u16, fields: &[Value]) -> Result<Step, Problem> {
        if self.sessions.contains_key(&channel) {
            let words = format!("Channel {channel} is in use.");
            return Err(Problem::new(condition::NOT_ALLOWED, words));
        }
        let next_incoming_id = due(fields, 1, "next-outgoing-id of a begin")?;
        let session = Session::new(next_incoming_id, due(fields, 2, "incoming-window of a begin")?);
        let begin = vec![
            Value::Ushort(channel),
            Value::Uint(session.next_outgoing_id),
            Value::Uint(WINDOW),
            Value::Uint(WINDOW),
            Value::Uint(HANDLE_MAX),
            Value::Null,
            Value::Null,
            Value::Null,
        ];
        self.ended.remove(&channel);
        self.sessions.insert(channel, session);
        self.put(channel, code::BEGIN, begin);
        Ok(Step::Go)
    }
}
