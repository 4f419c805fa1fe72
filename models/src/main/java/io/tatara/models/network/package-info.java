/**
 * Networks of convolutions as descriptions: which layer follows which, with names, shapes, exact
 * numbers of weights and of multiplications. A {@link io.tatara.models.network.Network} is built by
 * the families beside this package with a {@link io.tatara.models.network.NetworkBuilder}; {@link
 * io.tatara.models.network.ModelZoo} finds them by name. Names of weights are PyTorch's.
 */
package io.tatara.models.network;
