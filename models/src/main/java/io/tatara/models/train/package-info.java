/**
 * Training of any model: {@link io.tatara.models.train.TrainingLoop} runs a {@link
 * io.tatara.models.train.TrainingTask}, keeps checkpoints from which it goes on to the same
 * numbers, and tells a {@link io.tatara.models.train.TrainingListener}.
 */
package io.tatara.models.train;
