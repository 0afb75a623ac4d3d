"""Three named inputs, two named outputs, losses and metrics by name."""

import keras
import numpy as np
from keras import layers

num_tags, num_words, num_departments = 4, 60, 3
title_input = keras.Input(shape=(None,), name="title")
body_input = keras.Input(shape=(None,), name="body")
tags_input = keras.Input(shape=(num_tags,), name="tags")
title_features = layers.LSTM(8)(layers.Embedding(num_words, 6)(title_input))
body_features = layers.LSTM(4)(layers.Embedding(num_words, 6)(body_input))
x = layers.concatenate([title_features, body_features, tags_input])
priority_pred = layers.Dense(1, name="priority")(x)
department_pred = layers.Dense(num_departments, name="department")(x)
model = keras.Model(
    inputs=[title_input, body_input, tags_input],
    outputs={"priority": priority_pred, "department": department_pred},
)
model.compile(
    optimizer=keras.optimizers.RMSprop(1e-3),
    loss={
        "priority": keras.losses.BinaryCrossentropy(from_logits=True),
        "department": keras.losses.CategoricalCrossentropy(from_logits=True),
    },
    loss_weights={"priority": 1.0, "department": 0.2},
    metrics={"department": ["accuracy"]},
)
rs = np.random.RandomState(0)
title_data = rs.randint(num_words, size=(40, 5))
body_data = rs.randint(num_words, size=(40, 9))
tags_data = rs.randint(2, size=(40, num_tags)).astype("float32")
priority_targets = rs.random_sample(size=(40, 1))
dept_targets = np.eye(3)[rs.randint(3, size=40)]
h = model.fit(
    {"title": title_data, "body": body_data, "tags": tags_data},
    {"priority": priority_targets, "department": dept_targets},
    epochs=2,
    batch_size=16,
    verbose=2,
)
ev = model.evaluate(
    {"title": title_data, "body": body_data, "tags": tags_data},
    {"priority": priority_targets, "department": dept_targets},
    verbose=0,
    return_dict=True,
)
p = model.predict({"title": title_data, "body": body_data, "tags": tags_data}, verbose=0)
print(sorted(p), {k: v.shape for k, v in sorted(p.items())}, sorted(ev))
print(
    model.metrics_names,
    model.output_names,
)
