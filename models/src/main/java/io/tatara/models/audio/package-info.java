/** Sound: WAV files, µ-law levels, other sampling rates, pictures. */
package io.tatara.models.audio;
