//! Frames to the bytes of an MP4 file.

use rav1e::{
    Config, Context, EncoderConfig, EncoderStatus, Packet,
    color::{
        ChromaSampling, ColorDescription, ColorPrimaries, MatrixCoefficients, PixelRange,
        TransferCharacteristics,
    },
    config::SpeedSettings,
    data::{FrameType, Rational},
    prelude::{SceneDetectionSpeed, Tune},
};

use super::{
    KEY_INTERVAL, check_size, colour,
    colour::{Meaning, Range},
    mux,
};
use crate::Checked;

/// The encoder's effort, 0 (most) to 10. Speed 6 takes three times as long for a fifth fewer bytes; 10 needs half as
/// many bytes again on painted pictures.
const SPEED: u8 = 9;
/// What is tried in turn until every frame is good enough: how coarse values may become, 0 (nothing is lost) to 255, and
/// how many frames from one key frame to the next. At 40 the truth's pictures of 64x64 have 41 dB, the worst 39.7.
/// Where a side is no multiple of 8 the encoder now and then spoils the edge of a frame that is no key frame, however
/// fine the values; the last pair is good enough for noise.
const ATTEMPTS: [(usize, usize); 4] = [(40, KEY_INTERVAL), (20, KEY_INTERVAL), (20, 1), (5, 1)];
/// Largest mean squared error of a frame's RGB bytes: 38.5 dB.
const MAX_ERROR: f64 = 255.0 * 255.0 / 7079.5;
/// Kinds of the stream's units, see section 6.2.2 of the AV1 specification.
const SEQUENCE_HEADER: u8 = 1;
const TEMPORAL_DELIMITER: u8 = 2;

/// Encodes the frames of one episode of one camera, each `[channel, height, width]` RGB bytes, at k/`fps` seconds.
///
/// # Errors
/// In words: when there is no frame, a side is below [`MIN_SIDE`](super::MIN_SIDE) or above
/// [`MAX_SIDE`](crate::picture::MAX_SIDE) pixels, or the rate is 0 or too high to be timed.
pub(crate) fn encode(frames: &[&[u8]], [height, width]: [usize; 2], fps: u32) -> Checked<Vec<u8>> {
    check_size([height, width])?;
    if frames.is_empty() || fps == 0 {
        return Err(format!("nothing to encode: {} frames at {fps} per second", frames.len()));
    }
    for (attempt_idx, &attempt) in ATTEMPTS.iter().enumerate() {
        let max_error = if attempt_idx + 1 < ATTEMPTS.len() { MAX_ERROR } else { f64::INFINITY };
        if let Some(file) = encode_at(attempt, frames, [height, width], fps, max_error)? {
            return Ok(file);
        }
    }
    Err("the encoder made no file".to_owned())
}

/// The file of one attempt; none as soon as a frame is further from what was given than `max_error`.
fn encode_at(
    attempt: (usize, usize),
    frames: &[&[u8]],
    [height, width]: [usize; 2],
    fps: u32,
    max_error: f64,
) -> Checked<Option<Vec<u8>>> {
    let mut encoder: Context<u8> = Config::new()
        .with_encoder_config(settings(attempt, [height, width], fps))
        .with_threads(1)
        .new_context()
        .map_err(|error| error.to_string())?;
    let mut shown = Vec::with_capacity(frames.len());
    for frame in frames {
        assert_eq!(frame.len(), 3 * height * width, "bytes of a {height}x{width} picture");
        let mut picture = encoder.new_frame();
        for (plane, values) in picture.planes.iter_mut().zip(colour::from_rgb(frame)) {
            plane.copy_from_raw_u8(&values, width, 1);
        }
        encoder.send_frame(picture).map_err(|error| error.to_string())?;
        let first = shown.len();
        drain(&mut encoder, &mut shown)?;
        if !close_enough(&frames[first..], &mut shown[first..], width, max_error)? {
            return Ok(None);
        }
    }
    encoder.flush();
    let first = shown.len();
    drain(&mut encoder, &mut shown)?;
    if shown.len() != frames.len() {
        return Err(format!("the encoder made {} frames of {}", shown.len(), frames.len()));
    }
    if !close_enough(&frames[first..], &mut shown[first..], width, max_error)? {
        return Ok(None);
    }
    let (packets, sequence_header) = without_delimiters(&shown)?;
    let config = mux::config(&encoder.container_sequence_header(), sequence_header)?;
    mux::mux(&mux::Stream { size: [height, width], fps, config }, &packets).map(Some)
}

/// Whether what a reader will see is near what was given.
fn close_enough(frames: &[&[u8]], shown: &mut [Packet<u8>], width: usize, max_error: f64) -> Checked<bool> {
    for (frame, packet) in frames.iter().zip(shown) {
        // Taken out, since an episode's pictures need far more memory than its video.
        let picture = packet.rec.take().ok_or("the encoder shows nothing")?;
        packet.source = None;
        let planes = [0, 1, 2].map(|plane_idx| {
            let mut values = vec![0; frame.len() / 3];
            picture.planes[plane_idx].copy_to_raw_u8(&mut values, width, 1);
            values
        });
        let seen = colour::to_rgb(&planes, Meaning::LumaChroma(colour::BT601, Range::Limited))?;
        let squares = frame.iter().zip(&seen).map(|(&a, &b)| u64::from(a.abs_diff(b)).pow(2));
        if squares.sum::<u64>() as f64 > max_error * frame.len() as f64 {
            return Ok(false);
        }
    }
    Ok(true)
}

fn settings(
    (quantizer, key_interval): (usize, usize),
    [height, width]: [usize; 2],
    fps: u32,
) -> EncoderConfig {
    let mut speed = SpeedSettings::from_preset(SPEED);
    // Key frames come at their interval, wherever the scene changes.
    speed.scene_detection_mode = SceneDetectionSpeed::None;
    speed.rdo_lookahead_frames = 1;
    EncoderConfig {
        width,
        height,
        time_base: Rational::new(1, u64::from(fps)),
        chroma_sampling: ChromaSampling::Cs444,
        pixel_range: PixelRange::Limited,
        color_description: Some(ColorDescription {
            color_primaries: ColorPrimaries::BT709,
            transfer_characteristics: TransferCharacteristics::BT709,
            matrix_coefficients: MatrixCoefficients::BT601,
        }),
        min_key_frame_interval: key_interval as u64,
        max_key_frame_interval: key_interval as u64,
        low_latency: true,
        quantizer,
        tune: Tune::Psnr,
        speed_settings: speed,
        ..EncoderConfig::default()
    }
}

/// Takes what the encoder has ready.
fn drain(encoder: &mut Context<u8>, packets: &mut Vec<Packet<u8>>) -> Checked<()> {
    loop {
        match encoder.receive_packet() {
            Ok(packet) => {
                // Low latency keeps the order; the times rest on it.
                if packet.input_frameno != packets.len() as u64 {
                    return Err(format!(
                        "the encoder gave frame {} as {}",
                        packet.input_frameno,
                        packets.len()
                    ));
                }
                packets.push(packet);
            }
            Err(EncoderStatus::Encoded) => {}
            Err(EncoderStatus::NeedMoreData | EncoderStatus::LimitReached) => return Ok(()),
            Err(status) => return Err(format!("the encoder failed: {status}")),
        }
    }
}

/// MP4 marks the frames itself, so the stream's own marks go; and the first sequence header of the stream.
fn without_delimiters(packets: &[Packet<u8>]) -> Checked<(Vec<mux::Packet>, Vec<u8>)> {
    let mut first_header = None;
    let mut bare = Vec::with_capacity(packets.len());
    for packet in packets {
        let mut data = Vec::with_capacity(packet.data.len());
        let mut rest = &packet.data[..];
        while let Some(&head) = rest.first() {
            let (unit, after) = split_unit(rest)?;
            let kind = head >> 3 & 15;
            if kind == SEQUENCE_HEADER && first_header.is_none() {
                first_header = Some(unit.to_vec());
            }
            if kind != TEMPORAL_DELIMITER {
                data.extend_from_slice(unit);
            }
            rest = after;
        }
        bare.push(mux::Packet { data, key: packet.frame_type == FrameType::KEY });
    }
    Ok((bare, first_header.ok_or("the encoder gave no sequence header")?))
}

/// The first unit of a stream and what follows it. Units carry their sizes in groups of seven bits.
fn split_unit(stream: &[u8]) -> Checked<(&[u8], &[u8])> {
    let broken = || "the encoder gave a broken unit".to_owned();
    let head = *stream.first().ok_or_else(broken)?;
    let size_at = if head & 4 == 0 { 1 } else { 2 };
    if head & 2 == 0 {
        return Ok((stream, &[]));
    }
    let (mut len, mut end) = (0usize, None);
    for (place, &byte) in stream.iter().skip(size_at).take(5).enumerate() {
        len |= usize::from(byte & 127) << (7 * place);
        if byte & 128 == 0 {
            end = Some(size_at + place + 1 + len);
            break;
        }
    }
    stream.split_at_checked(end.ok_or_else(broken)?).ok_or_else(broken)
}
