"""Texts in tensors: decoded, vectorised, looked up, joined and split."""

import numpy as np
import tensorflow as tf

texts = ["the movie was great", "terrible plot", "so so"]
labels = [1, 0, 0]
ds = tf.data.Dataset.from_tensor_slices((texts, labels)).shuffle(1).batch(2)
for t, label in ds.take(1):
    print("texts: ", t.numpy()[:3])
    print("labels: ", label.numpy()[:3])
    for i in range(2):
        print(t[i].numpy().decode("utf-8"), int(label[i]))
for t in tf.data.Dataset.from_tensor_slices(texts).take(2):
    print(t.numpy().decode())
enc = tf.keras.layers.TextVectorization(max_tokens=20)
enc.adapt(
    tf.data.Dataset.from_tensor_slices((texts, labels)).batch(2).map(lambda text, label: text)
)
vocab = np.array(enc.get_vocabulary())
print(vocab[:4].tolist())
e = enc(texts)[:2].numpy()
print(e.tolist())
print(" ".join(vocab[e[1]]).strip())
ids_from = tf.keras.layers.StringLookup(vocabulary=list("aeht"), mask_token=None)
chars_from = tf.keras.layers.StringLookup(
    vocabulary=ids_from.get_vocabulary(), invert=True, mask_token=None
)
ids = ids_from(tf.constant(list("heat!")))
print(
    ids.numpy(),
    tf.strings.reduce_join(chars_from(ids), axis=-1).numpy().decode(),
)
print(tf.strings.lower("ABC").numpy(), tf.strings.length(tf.constant(["ab", "c"])).numpy())
chars = tf.strings.unicode_split("héllo", input_encoding="UTF-8")
print([c.decode() for c in chars.numpy()])
del t, label, ds, vocab, e, ids, chars
