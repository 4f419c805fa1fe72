/**
 * WaveNet (van den Oord et al. 2016): sound, sample by sample, from dilated causal convolutions.
 */
package io.tatara.models.wavenet;
