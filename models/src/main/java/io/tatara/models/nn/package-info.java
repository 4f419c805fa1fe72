/**
 * Layers: named {@link io.tatara.models.nn.Parameters} and small objects that use them. A layer
 * does not know whether it is trained: it is given {@link io.tatara.runtime.Ops}, of a tape or of a
 * scope.
 */
package io.tatara.models.nn;
