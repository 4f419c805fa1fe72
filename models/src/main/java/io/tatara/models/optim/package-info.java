/**
 * Optimizers over {@link io.tatara.models.nn.Parameters}: one launch for all weights, state that
 * can be saved.
 */
package io.tatara.models.optim;
