/**
 * MobileNet: networks of depthwise-separable convolutions. V1 (Howard et al. 2017), V2 with
 * inverted residuals (Sandler et al. 2018).
 */
package io.tatara.models.mobilenet;
