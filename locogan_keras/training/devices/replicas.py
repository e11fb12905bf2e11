"""Training of one model by `fit` on several devices and machines, as one device would do it.

Keras 3 trains under `tf.distribute` strategies, with three gaps, which `ReplicatedModel` closes:

- It leaves it to TensorFlow how a batch is divided. Here replica i of n takes the i-th n-th of the
  global batch, so that it knows its samples by their index, and a batch that cannot be divided is
  refused.
- It builds a model by running it on the mean of the replicas' batches, which fails with several
  workers. Here nothing is left to build.
- It averages the logs of several workers over an axis that scalars do not have. Here a step's logs
  are the same on all replicas, and the first one's are taken.
"""

import zlib

import keras
import tensorflow as tf


class ReplicatedModel(keras.Model):
    """A `keras.Model` that is built when it is made, and whose logs are the same on all replicas.

    `fit` takes a `tf.data.Dataset` of global batches.
    """

    def fit(self, x=None, *arguments, **settings):
        if isinstance(x, tf.data.Dataset):
            x = divided(x, self.distribute_strategy)
        return super().fit(x, *arguments, **settings)

    def _maybe_symbolic_build(self, iterator=None, data_batch=None):
        pass

    def make_train_function(self, force=False):
        strategy = self.distribute_strategy
        if not isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy):
            super().make_train_function(force)
        elif force or self.train_function is None:

            def train(iterator):
                for _ in range(self.steps_per_execution):
                    logs = strategy.run(self.train_step, args=(next(iterator),))
                results = strategy.experimental_local_results
                return {name: results(value)[0] for name, value in logs.items()}

            self.train_function = tf.function(train, reduce_retracing=True, autograph=False)


def divided(batches, strategy):
    """Each replica's part of every global batch, in the order of the samples.

    Args:
        batches: A `tf.data.Dataset` of tuples whose first axis is the global batch.
        strategy: A `tf.distribute.Strategy`.

    Returns:
        What `fit` takes: the dataset itself for one replica.

    Raises:
        ValueError: If the batch's size is known and the replicas cannot share it.
    """
    replicas = strategy.num_replicas_in_sync
    if replicas == 1:
        return batches
    size = batches.element_spec[0].shape[0]
    if size is not None:
        check_batch_size(size, strategy)

    def of_worker(context):
        here = replicas // context.num_input_pipelines
        first = here * context.input_pipeline_id

        def parts(*batch):
            rest = tf.shape(batch[0])[0] % replicas
            message = f"{replicas} replicas cannot share a batch equally"
            with tf.control_dependencies([tf.debugging.assert_equal(rest, 0, message)]):
                return tuple(
                    tf.reshape(each, (replicas, -1, *each.shape[1:]))[first : first + here]
                    for each in batch
                )

        divided = batches.map(parts).unbatch().prefetch(here)
        if batches.cardinality() == tf.data.INFINITE_CARDINALITY:
            # TensorFlow does not conclude it, and would ask all workers before every step.
            endless = tf.data.experimental.assert_cardinality(tf.data.INFINITE_CARDINALITY)
            divided = divided.apply(endless)
        return divided

    return strategy.distribute_datasets_from_function(of_worker)


def check_batch_size(size, strategy):
    """A refusal, with `ValueError`, of a global batch that the replicas cannot share equally."""
    replicas = strategy.num_replicas_in_sync
    if size % replicas:
        raise ValueError(
            f"a batch is global, and {replicas} replicas share it equally: its size must be a "
            f"multiple of {replicas}. Received: batch_size={size}"
        )


def mean_over_replicas(values):
    """The means of several equally shaped tensors over all replicas; each of them calls it."""
    context = tf.distribute.get_replica_context()
    if context.num_replicas_in_sync == 1:
        return values
    return context.all_reduce(tf.distribute.ReduceOp.MEAN, values)


def check_alike(strategy, facts):
    """A refusal to train with several workers that would not train the same model.

    Args:
        strategy: The strategy.
        facts: Texts that must be the same for all workers, by what they are.

    Raises:
        ValueError: If one of them is not.
    """
    mean = mean_over_workers(strategy)
    for name, text in facts.items():
        digest = zlib.crc32(text.encode("utf-8", "replace"))
        if mean(digest) != digest:
            raise ValueError(f"the workers of TF_CONFIG do not have the same {name}")


def mean_over_workers(strategy):
    """A function that all workers call together: the mean of the numbers that they give it."""

    @tf.function(autograph=False)
    def mean(value):
        # Copied, because replicas add up where a value lies, and an argument lies nowhere.
        means = strategy.run(lambda value: mean_over_replicas(tf.identity(value)), (value,))
        return strategy.experimental_local_results(means)[0]

    return lambda number: float(mean(tf.constant(number, tf.float64)))
