/** Curves and heat maps as PNG files, without a screen. */
package io.tatara.models.plot;
