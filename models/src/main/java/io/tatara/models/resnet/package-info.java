/**
 * The ResNet family from one description of a block: basic and bottleneck (He et al. 2016a),
 * pre-activation (He et al. 2016b), wide (Zagoruyko and Komodakis 2016), pyramidal (Han et al.
 * 2017).
 */
package io.tatara.models.resnet;
