//! Frames to the bytes of an MP4 file.

use rav1e::{
    Config, Context, EncoderConfig, EncoderStatus,
    color::{
        ChromaSampling, ColorDescription, ColorPrimaries, MatrixCoefficients, PixelRange,
        TransferCharacteristics,
    },
    config::SpeedSettings,
    data::{FrameType, Rational},
    prelude::{SceneDetectionSpeed, Tune},
};

use super::{KEY_INTERVAL, check_size, colour, mux};
use crate::Checked;

/// The encoder's effort, 0 (most) to 10. Speed 6 takes three times as long for a fifth fewer bytes; 10 needs half as
/// many bytes again on painted pictures.
const SPEED: u8 = 9;
/// How coarse values become, 0 (nothing is lost) to 255: 41 dB on the truth's pictures of 64x64, 39.7 on the worst.
const QUANTIZER: usize = 40;
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
    let mut encoder: Context<u8> = Config::new()
        .with_encoder_config(settings([height, width], fps))
        .with_threads(1)
        .new_context()
        .map_err(|error| error.to_string())?;
    let mut packets = Vec::with_capacity(frames.len());
    for frame in frames {
        assert_eq!(frame.len(), 3 * height * width, "bytes of a {height}x{width} picture");
        let mut picture = encoder.new_frame();
        for (plane, values) in picture.planes.iter_mut().zip(colour::from_rgb(frame)) {
            plane.copy_from_raw_u8(&values, width, 1);
        }
        encoder.send_frame(picture).map_err(|error| error.to_string())?;
        drain(&mut encoder, &mut packets)?;
    }
    encoder.flush();
    drain(&mut encoder, &mut packets)?;
    if packets.len() != frames.len() {
        return Err(format!("the encoder made {} frames of {}", packets.len(), frames.len()));
    }
    let (packets, sequence_header) = without_delimiters(packets)?;
    let config = mux::config(&encoder.container_sequence_header(), sequence_header)?;
    mux::mux(&mux::Stream { size: [height, width], fps, config }, &packets)
}

fn settings([height, width]: [usize; 2], fps: u32) -> EncoderConfig {
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
        min_key_frame_interval: KEY_INTERVAL as u64,
        max_key_frame_interval: KEY_INTERVAL as u64,
        low_latency: true,
        quantizer: QUANTIZER,
        tune: Tune::Psnr,
        speed_settings: speed,
        ..EncoderConfig::default()
    }
}

/// Takes what the encoder has ready.
fn drain(encoder: &mut Context<u8>, packets: &mut Vec<mux::Packet>) -> Checked<()> {
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
                packets.push(mux::Packet { data: packet.data, key: packet.frame_type == FrameType::KEY });
            }
            Err(EncoderStatus::Encoded) => {}
            Err(EncoderStatus::NeedMoreData | EncoderStatus::LimitReached) => return Ok(()),
            Err(status) => return Err(format!("the encoder failed: {status}")),
        }
    }
}

/// MP4 marks the frames itself, so the stream's own marks go; and the first sequence header of the stream.
fn without_delimiters(packets: Vec<mux::Packet>) -> Checked<(Vec<mux::Packet>, Vec<u8>)> {
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
        bare.push(mux::Packet { data, key: packet.key });
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
