"""train_on_batch and a target network, as in reinforcement learning; stopping early by hand."""

from collections import deque

import numpy as np
import tensorflow as tf
from tensorflow.keras import Sequential
from tensorflow.keras.callbacks import Callback
from tensorflow.keras.layers import ELU, LSTM, Dense, InputLayer, ReLU


class StopAt(Callback):
    def __init__(self, value):
        super().__init__()
        self.value = value
        self.seen = []

    def on_epoch_end(self, epoch, logs=None):
        if logs is None:
            logs = {}
        self.seen.append(round(float(logs.get("loss")), 3))
        if epoch >= self.value:
            print("\nStopping at epoch", epoch)
            self.model.stop_training = True


class Agent:
    def __init__(self, n):
        self.memory = deque(maxlen=50)
        self.model = self.build(n)
        self.target = tf.keras.models.clone_model(self.model)
        self.target.set_weights(self.model.get_weights())

    def build(self, n):
        m = Sequential()
        m.add(InputLayer((4, n)))
        m.add(LSTM(6))
        m.add(ReLU())
        m.add(Dense(2))
        m.add(ELU())
        m.compile(loss="mse", optimizer=tf.keras.optimizers.Adam(learning_rate=0.01))
        return m

    def replay(self):
        x = np.stack([s for s, _ in self.memory])
        t = self.target.predict_on_batch(x)
        for i, (_, r) in enumerate(self.memory):
            t[i, i % 2] = r
        return self.model.train_on_batch(x, t)


rs = np.random.RandomState(0)
agent = Agent(3)
for _i in range(20):
    agent.memory.append((rs.rand(4, 3), rs.rand()))
losses = [float(agent.replay()) for _ in range(3)]
res = float(agent.model.test_on_batch(np.stack([s for s, _ in agent.memory]), np.ones((20, 2))))
cb = StopAt(1)
h = agent.model.fit(
    np.stack([s for s, _ in agent.memory]), np.ones((20, 2)), epochs=10, verbose=0, callbacks=[cb]
)
print(
    len(h.epoch), agent.model.optimizer.iterations.numpy(), agent.model.optimizer.__class__.__name__
)
print(
    agent.model.layers[0].input.shape if hasattr(agent.model.layers[0], "input") else None,
    agent.model.inputs[0].shape,
    agent.model.outputs[0].shape,
)
print(
    [layer.get_config()["name"] for layer in agent.model.layers],
    agent.model.get_layer(index=1).name,
)
