//! Training cuts on the host ([`Batch`]) and on the device ([`Window`]).

use burn::tensor::{DType, Device, Int, Tensor, TensorData};

/// Equal-length cuts of episodes, as host bytes. Times line up as (observation t, action t, reward t+1).
#[derive(Clone, Debug, PartialEq)]
pub struct Batch {
    /// Number of cuts.
    pub batch: usize,
    /// Frames per cut.
    pub time: usize,
    /// `[height, width]` per camera.
    pub sizes: Vec<[usize; 2]>,
    /// Per camera `[batch, time, channel, height, width]`.
    pub images: Vec<Vec<u8>>,
    /// `[batch, time, feature]`.
    pub state: Vec<f32>,
    /// `[batch, time, width]`: the action taken at each frame.
    pub actions: Vec<f32>,
    /// `[batch, time]`: the reward that followed the action; empty where the data has none.
    pub rewards: Vec<f32>,
    /// `[batch, time]`: 1 where the task ended after the action; empty where the data has no rewards.
    pub ends: Vec<f32>,
}

/// A batch on the device.
#[derive(Clone, Debug)]
pub struct Window {
    /// Per camera `[batch, time, channel, height, width]`, values 0 to 255.
    pub images: Vec<Tensor<5, Int>>,
    /// `[batch, time, feature]`.
    pub state: Tensor<3>,
    /// `[batch, time, width]`.
    pub actions: Tensor<3>,
    /// `[batch, time]`, where the data has rewards.
    pub rewards: Option<Tensor<2>>,
    /// `[batch, time]`, where the data has rewards.
    pub ends: Option<Tensor<2>>,
}

impl Batch {
    /// The one place where bytes become tensors.
    #[must_use]
    pub fn to_device(&self, device: &Device) -> Window {
        let (batch, time) = (self.batch, self.time);
        let images = self
            .images
            .iter()
            .zip(&self.sizes)
            .map(|(bytes, &[height, width])| {
                let data = TensorData::new(bytes.clone(), [batch, time, 3, height, width]);
                Tensor::from_data(data, (device, DType::U8))
            })
            .collect();
        let float = |values: &[f32]| {
            let width = values.len() / (batch * time).max(1);
            Tensor::<3>::from_data(TensorData::new(values.to_vec(), [batch, time, width]), device)
        };
        let optional = |values: &[f32]| {
            (!values.is_empty())
                .then(|| Tensor::<2>::from_data(TensorData::new(values.to_vec(), [batch, time]), device))
        };
        Window {
            images,
            state: float(&self.state),
            actions: float(&self.actions),
            rewards: optional(&self.rewards),
            ends: optional(&self.ends),
        }
    }

    /// The cuts `from..to`, as a batch of their own.
    #[must_use]
    pub fn slice(&self, from: usize, to: usize) -> Self {
        let part = |values: &[f32]| {
            let each = values.len() / self.batch;
            values[from * each..to * each].to_vec()
        };
        Self {
            batch: to - from,
            time: self.time,
            sizes: self.sizes.clone(),
            images: self
                .images
                .iter()
                .map(|bytes| {
                    let each = bytes.len() / self.batch;
                    bytes[from * each..to * each].to_vec()
                })
                .collect(),
            state: part(&self.state),
            actions: part(&self.actions),
            rewards: part(&self.rewards),
            ends: part(&self.ends),
        }
    }
}
