/** A small plain network for digits. */
package io.tatara.models.mnist;
