/**
 * Steps of training that touch every parameter: stochastic gradient descent, Adam, Adagrad,
 * RMSProp, the norm of all gradients and their scaling. Each op takes all tensors at once and works
 * in place (its outputs alias its inputs); what changes from step to step, such as the learning
 * rate, comes in a tensor, so that a recorded graph can be replayed. A gradient scale of infinity
 * in that tensor says that the step is skipped: nothing changes. That is how {@link
 * io.tatara.kernels.optimizer.LossScale} holds back a step whose gradients overflowed, without the
 * host.
 */
package io.tatara.kernels.optimizer;
