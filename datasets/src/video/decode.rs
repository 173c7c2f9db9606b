//! Frames of an MP4 file by their times.

use std::{
    fs::File,
    io::{BufReader, Read, Seek, SeekFrom},
    path::Path,
};

use re_rav1d::dav1d::{
    Decoder, Error, Picture, PixelLayout, PlanarImageComponent as Component, Settings,
    pixel::{MatrixCoefficients, YUVRange},
};

use super::{
    TOLERANCE_S, colour,
    colour::{Meaning, Range},
    demux::{self, Track},
};
use crate::{Checked, guard::caught, picture::MAX_SIDE};

/// Most bytes that one call gives back.
const MAX_OUTPUT: usize = 8 << 30;
/// Pictures that one unit of the stream may show.
const MAX_SHOWN: usize = 64;

/// Bytes that can be read from any place.
trait Bytes: Read + Seek + Send {}
impl<T: Read + Seek + Send> Bytes for T {}

/// An opened file, whose frames can be asked for.
pub(crate) struct Video {
    file: Box<dyn Bytes>,
    track: Track,
}

impl Video {
    /// Opens a file of one AV1 track.
    ///
    /// # Errors
    /// In words: when it cannot be read, is broken, or holds another codec, which is named.
    pub(crate) fn open(path: &Path) -> Checked<Self> {
        let file = File::open(path).map_err(|error| error.to_string())?;
        Self::of(Box::new(BufReader::new(file)))
    }

    /// The same of bytes in memory.
    pub(crate) fn from_bytes(bytes: Vec<u8>) -> Checked<Self> {
        Self::of(Box::new(std::io::Cursor::new(bytes)))
    }

    fn of(mut file: Box<dyn Bytes>) -> Checked<Self> {
        let track = guarded(|| demux::read(&mut file))?;
        Ok(Self { file, track })
    }

    /// `[height, width]` of its frames.
    pub(crate) fn size(&self) -> [usize; 2] {
        self.track.size
    }

    /// How many frames it has.
    pub(crate) fn len(&self) -> usize {
        self.track.samples.len()
    }

    /// The frames at `from_s` + k/`fps` seconds for k below `count`, each `[channel, height, width]` RGB bytes.
    ///
    /// # Errors
    /// In words: when there is no frame within 1e-4 s of one of these times, or the stream is broken.
    pub(crate) fn frames(&mut self, from_s: f64, count: usize, fps: u32) -> Checked<Vec<Vec<u8>>> {
        let [height, width] = self.track.size;
        if count.saturating_mul(3 * height * width) > MAX_OUTPUT {
            return Err(format!("{count} frames of {height}x{width} are more than {MAX_OUTPUT} bytes"));
        }
        let wanted = self.wanted(from_s, count, fps)?;
        guarded(|| self.decode(&wanted))
    }

    /// The frames shown at these times, in rising order.
    fn wanted(&self, from_s: f64, count: usize, fps: u32) -> Checked<Vec<usize>> {
        if count > self.track.samples.len() {
            return Err(format!("expected {count} frames, found {}", self.track.samples.len()));
        }
        let near = |k: usize| {
            let time_s = from_s + k as f64 / f64::from(fps);
            let sample_idx =
                self.track.samples.partition_point(|sample| sample.time_s < time_s - TOLERANCE_S);
            let found = self.track.samples.get(sample_idx);
            found.filter(|sample| sample.time_s <= time_s + TOLERANCE_S).map(|_| sample_idx).ok_or_else(
                || {
                    let last_s = self.track.samples.last().map_or(0.0, |sample| sample.time_s);
                    format!("no frame at {time_s:.4} s of a video whose last one is at {last_s:.4} s")
                },
            )
        };
        (0..count).map(near).collect()
    }

    /// Decodes from the key frame before the first wanted one.
    fn decode(&mut self, wanted: &[usize]) -> Checked<Vec<Vec<u8>>> {
        let (Some(&first), Some(&last)) = (wanted.first(), wanted.last()) else { return Ok(Vec::new()) };
        let key = self.track.samples[..=first].iter().rposition(|sample| sample.key);
        let key = key.ok_or_else(|| format!("no key frame at or before frame {first}"))?;
        let mut stream = Stream::new()?;
        let mut frames = Vec::with_capacity(wanted.len());
        for sample_idx in key..=last {
            let mut unit = if sample_idx == key { self.track.config.clone() } else { Vec::new() };
            self.read_sample(sample_idx, &mut unit)?;
            let shown = stream.show(unit).map_err(|reason| format!("frame {sample_idx}: {reason}"))?;
            if wanted.get(frames.len()) == Some(&sample_idx) {
                let picture = shown.ok_or_else(|| format!("frame {sample_idx} shows nothing"))?;
                frames.push(rgb(&picture, self.track.size)?);
            }
        }
        if frames.len() != wanted.len() {
            return Err(format!("expected {} frames, found {}", wanted.len(), frames.len()));
        }
        Ok(frames)
    }

    fn read_sample(&mut self, sample_idx: usize, unit: &mut Vec<u8>) -> Checked<()> {
        let sample = self.track.samples[sample_idx];
        let before = unit.len();
        unit.resize(before + sample.len as usize, 0);
        self.file.seek(SeekFrom::Start(sample.offset)).map_err(|error| error.to_string())?;
        self.file.read_exact(&mut unit[before..]).map_err(|error| error.to_string())
    }
}

/// A stream that is being decoded, on this thread.
struct Stream {
    decoder: Decoder,
}

impl Stream {
    fn new() -> Checked<Self> {
        let mut settings = Settings::new();
        settings.set_n_threads(1);
        settings.set_max_frame_delay(1);
        settings.set_frame_size_limit((MAX_SIDE * MAX_SIDE) as u32);
        let decoder =
            Decoder::with_settings(&settings).map_err(|error| format!("no AV1 decoder: {error}"))?;
        Ok(Self { decoder })
    }

    /// Decodes one unit of the stream: the picture that it shows in the end, if it shows one.
    fn show(&mut self, unit: Vec<u8>) -> Checked<Option<Picture>> {
        let mut sent = self.decoder.send_data(unit, None, None, None);
        let mut shown = None;
        for _ in 0..MAX_SHOWN {
            match (&sent, self.decoder.get_picture()) {
                (Err(error), _) if !error.is_again() => return Err(format!("broken AV1: {error}")),
                (_, Ok(picture)) => shown = Some(picture),
                (Err(_), Err(Error::Again)) => sent = self.decoder.send_pending_data(),
                (Ok(()), Err(Error::Again)) => return Ok(shown),
                (_, Err(error)) => return Err(format!("broken AV1: {error}")),
            }
        }
        Err(format!("broken AV1: more than {MAX_SHOWN} pictures at one time"))
    }
}

/// `[channel, height, width]` RGB of a decoded picture of any layout and depth.
fn rgb(picture: &Picture, [height, width]: [usize; 2]) -> Checked<Vec<u8>> {
    let found = [picture.height() as usize, picture.width() as usize];
    if found != [height, width] {
        let [found_height, found_width] = found;
        return Err(format!("expected a picture of {height}x{width}, found {found_height}x{found_width}"));
    }
    let grey = vec![128; if picture.pixel_layout() == PixelLayout::I400 { height * width } else { 0 }];
    let planes = match picture.pixel_layout() {
        PixelLayout::I400 => [plane(picture, Component::Y, [0, 0])?, grey.clone(), grey],
        PixelLayout::I420 => planes(picture, [1, 1])?,
        PixelLayout::I422 => planes(picture, [0, 1])?,
        PixelLayout::I444 => planes(picture, [0, 0])?,
    };
    colour::to_rgb(&planes, meaning(picture)?)
}

fn planes(picture: &Picture, halvings: [u32; 2]) -> Checked<[Vec<u8>; 3]> {
    Ok([
        plane(picture, Component::Y, [0, 0])?,
        plane(picture, Component::U, halvings)?,
        plane(picture, Component::V, halvings)?,
    ])
}

/// One plane at full size and 8 bits; chroma of a coarser plane is repeated, as ffmpeg does.
fn plane(picture: &Picture, component: Component, [by_rows, by_columns]: [u32; 2]) -> Checked<Vec<u8>> {
    let (height, width) = (picture.height() as usize, picture.width() as usize);
    let stride = picture.stride(component) as usize;
    let depth = picture.bit_depth();
    let bytes = picture.plane(component);
    let mut full = Vec::with_capacity(height * width);
    for row in 0..height {
        let start = (row >> by_rows) * stride;
        let value = |column: usize| {
            let at = column >> by_columns;
            match depth {
                8 => bytes.get(start + at).copied(),
                _ => {
                    let pair = bytes.get(start + 2 * at..)?.first_chunk()?;
                    let half = 1u32 << (depth - 9);
                    Some(((u32::from(u16::from_ne_bytes(*pair)) + half) >> (depth - 8)).min(255) as u8)
                }
            }
        };
        for column in 0..width {
            full.push(value(column).ok_or_else(|| format!("a plane that ends in row {row} of {height}"))?);
        }
    }
    Ok(full)
}

/// Where a file does not say what its numbers mean, they are BT.601, as everywhere.
fn meaning(picture: &Picture) -> Checked<Meaning> {
    let range = match picture.color_range() {
        YUVRange::Limited => Range::Limited,
        YUVRange::Full => Range::Full,
    };
    Ok(match picture.matrix_coefficients() {
        MatrixCoefficients::Identity => Meaning::Colours(range),
        MatrixCoefficients::BT470BG | MatrixCoefficients::ST170M | MatrixCoefficients::Unspecified => {
            Meaning::LumaChroma(colour::BT601, range)
        }
        MatrixCoefficients::BT709 => Meaning::LumaChroma(colour::BT709, range),
        MatrixCoefficients::BT2020NonConstantLuminance => Meaning::LumaChroma(colour::BT2020, range),
        other => return Err(format!("expected colours of BT.601, BT.709 or BT.2020, found {other:?}")),
    })
}

/// What the crates below do not check themselves is broken data too.
fn guarded<T>(work: impl FnOnce() -> Checked<T>) -> Checked<T> {
    caught(work).map_err(|reason| format!("unreadable video: {reason}"))?
}
