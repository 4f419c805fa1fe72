/**
 * Steps of training that touch every parameter: stochastic gradient descent, Adam, the norm of all
 * gradients and their scaling. Each op takes all tensors at once and works in place (its outputs
 * alias its inputs); what changes from step to step, such as the learning rate, comes in a tensor,
 * so that a recorded graph can be replayed.
 */
package io.tatara.kernels.optimizer;
