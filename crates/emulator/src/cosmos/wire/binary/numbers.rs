//! Numbers: integers of all sizes and floating point, the lowest byte first.

use super::reader::{Flaw, Reader};

/// Up to here every integer is a double: what is written without a point means the same.
const EXACT_MAX: f64 = 9_007_199_254_740_992.0;

/// The text of the number whose marker has been read.
pub(super) fn read(reader: &mut Reader<'_>, marker: u8, at: usize) -> Result<String, Flaw> {
    Ok(match marker {
        0xC7 => u64::from_le_bytes(reader.array()?).to_string(),
        0xC8 | 0xD7 => reader.byte()?.to_string(),
        0xC9 | 0xD9 => i16::from_le_bytes(reader.array()?).to_string(),
        0xCA | 0xDA => i32::from_le_bytes(reader.array()?).to_string(),
        0xCB | 0xDB => i64::from_le_bytes(reader.array()?).to_string(),
        0xCC | 0xCE => double(f64::from_le_bytes(reader.array()?), at)?,
        0xCD => double(f32::from_le_bytes(reader.array()?).into(), at)?,
        0xD8 => i8::from_le_bytes(reader.array()?).to_string(),
        0xDC => u32::from_le_bytes(reader.array()?).to_string(),
        _ => return Err(Flaw::Marker { marker, at }),
    })
}

/// As the service writes it: an integer has no point, and zero no sign.
fn double(value: f64, at: usize) -> Result<String, Flaw> {
    if value == 0.0 {
        return Ok("0".to_owned());
    }
    if value.fract() == 0.0 && value.abs() <= EXACT_MAX {
        return Ok(format!("{value:.0}"));
    }
    let number = serde_json::Number::from_f64(value).map(|number| number.to_string());
    number.ok_or(Flaw::Wrong { what: "the number is infinite or none", at })
}
